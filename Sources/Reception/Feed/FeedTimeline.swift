import TransportStream

/// The player's timeline: what a station's clocks are moved by, so that the player sees one timeline that goes on over
/// every change of station.
///
/// Times here count 90 kHz from the timeline's beginning and do not wrap; the stream's fields wrap as they must
/// (ISO/IEC 13818-1, 2.4.3.5 and 2.4.3.7), in the station's count and in the player's, each at a time of its own.
struct FeedTimeline: Sendable {
  /// When a PES packet is shown and decoded, in 90 kHz on the player's timeline.
  struct Times: Equatable {
    var presentation: Int64
    var decoding: Int64
  }

  private static let mask: UInt64 = 1 << 33 - 1

  /// What is added to the station's counts, 90 kHz modulo 2^33.
  private(set) var shift: UInt64 = 0
  /// A time near which those that come are; only to tell how often the 33 bits have wrapped.
  private var recent: Int64 = 0
  /// The next PCR is the first of another time base.
  private var isDiscontinuous = false

  /// From now on the station's count `raw` (90 kHz, modulo 2^33) is `time` for the player.
  ///
  /// - Parameter isDiscontinuous: whether the PCR may jump there; its first packet then says so (2.4.3.5).
  mutating func place(_ raw: UInt64, at time: Int64, isDiscontinuous: Bool) {
    shift = (UInt64(bitPattern: time) &- raw) & Self.mask
    recent = time
    self.isDiscontinuous = isDiscontinuous
  }

  /// Puts the counts that follow `by` counts of 90 kHz earlier on the player's timeline than those before.
  mutating func pull(by counts: Int64) {
    shift = (shift &- UInt64(bitPattern: counts)) & Self.mask
    isDiscontinuous = true
  }

  /// The time that a count of the player's timeline, modulo 2^33, stands for: the nearest to those of late.
  func unwrapped(_ count: UInt64) -> Int64 {
    let ahead = Int64((count &- UInt64(bitPattern: recent)) & Self.mask)
    return recent + (ahead >= TimeStamp.modulus / 2 ? ahead - TimeStamp.modulus : ahead)
  }

  /// Moves the PCR of the packet at `offset`, and the PTS and DTS where `isStream` and a PES packet starts in it.
  ///
  /// - Returns: the PES packet's times, if it has any.
  mutating func restamp(
    _ packet: TSPacket, isStream: Bool, in bytes: inout MutableSpan<UInt8>, at offset: Int
  ) -> Times? {
    if let field = packet.pcrOffset {
      ClockReference.add(shift * 300, to: &bytes, at: offset + field)
      if isDiscontinuous {
        bytes[offset + 5] |= 0x80
        isDiscontinuous = false
      }
    }
    guard isStream, packet.payloadUnitStart, packet.hasPayload, !packet.isScrambled else { return nil }
    let start = offset + packet.payloadOffset
    guard let header = PESHeader(bytes.span, at: start, end: offset + TSPacket.size), let field = header.ptsOffset,
      let pts = header.pts
    else { return nil }
    TimeStamp.add(shift, to: &bytes, at: start + field)
    let presentation = unwrapped((pts &+ shift) & Self.mask)
    recent = presentation
    guard let field = header.dtsOffset, let dts = header.dts else {
      return Times(presentation: presentation, decoding: presentation)
    }
    TimeStamp.add(shift, to: &bytes, at: start + field)
    return Times(presentation: presentation, decoding: unwrapped((dts &+ shift) & Self.mask))
  }
}
