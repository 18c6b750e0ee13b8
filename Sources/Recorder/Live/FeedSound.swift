import LibAV

/// A feed's sound as it is, for one of the house's tracks; AAC gets an ADTS header before each frame.
final class FeedSound: FeedTrack {
  let streamIndex: Int
  private let track: Int
  private let header: ADTSHeader?
  private let frame: AudioFrameLength
  private var next: Int64?

  init(_ stream: StreamDescription, track: Int) {
    streamIndex = stream.index
    self.track = track
    header = stream.codec == "aac" ? ADTSHeader(audioSpecificConfig: stream.extradata) : nil
    frame = AudioFrameLength(of: stream)
  }

  func take(_ packet: borrowing Packet, arrival: Int64, _ deliver: (LiveUnit) -> Void) throws {
    if packet.isCorrupt || packet.size == 0 { return }
    guard let pts = packet.pts ?? packet.dts ?? next else { return }
    let bytes = packet.withBytes { (bytes: Span<UInt8>) -> [UInt8]? in
      var whole: [UInt8] = []
      if let header, !ADTSHeader.stands(before: bytes) {
        guard let added = header.bytes(before: bytes.count) else { return nil }
        whole = added
      }
      for index in bytes.indices { whole.append(bytes[index]) }
      return whole
    }
    guard let bytes else { return }
    let duration = packet.duration > 0 ? packet.duration : frame.ticks(1)
    next = pts + duration
    deliver(
      LiveUnit(
        stream: .audio(track), bytes: bytes, pts: pts, dts: pts, duration: duration, isKey: true, arrival: arrival))
  }
}

/// A feed's sound decoded and encoded as the house wants it. It goes by the feed's own time, so that it stays with pictures
/// that are copied.
final class FeedSoundTranscoder: FeedTrack {
  let streamIndex: Int
  private let track: Int
  private let settings: SoundSettings
  private var decoding: Decoding
  private var filtered: Frame
  private var graph: FilterGraph?
  private var shape: Frame.Shape?
  private var encoder: SoundEncoder?
  private var next: Int64?

  /// Holes up to here become silence; beyond, the feed has begun anew: 90 kHz.
  private static let hole: Int64 = HouseTime.perSecond

  init(
    _ stream: StreamDescription, _ parameters: consuming CodecParameters, _ settings: SoundSettings, track: Int
  ) throws(LibAVError) {
    streamIndex = stream.index
    self.track = track
    self.settings = settings
    decoding = try Decoding(parameters, timeBase: .ninetyKilohertz, isLive: true)
    filtered = try Frame()
  }

  func take(_ packet: borrowing Packet, arrival: Int64, _ deliver: (LiveUnit) -> Void) throws {
    guard decoding.take(packet) else { return }
    while decoding.next() {
      guard decoding.frame.sampleCount > 0, decoding.frame.sampleRate > 0 else { continue }
      guard let pts = decoding.frame.bestEffortPTS ?? next else { continue }
      let length = Rational(1, Int32(clamping: decoding.frame.sampleRate))
        .rescale(Int64(decoding.frame.sampleCount), to: .ninetyKilohertz)
      let jumps = next.map { abs(pts - $0) > FeedSoundTranscoder.hole } ?? false
      next = pts + length
      decoding.frame.pts = pts
      if jumps || decoding.frame.shape != shape {
        shape = decoding.frame.shape
        graph = try FilterGraph(.audio, settings.chain, from: decoding.frame.shape, timeBase: .ninetyKilohertz)
        if jumps { encoder = nil }
      }
      try graph?.send(&decoding.frame)
      try encode(arrival, deliver)
    }
  }

  private func encode(_ arrival: Int64, _ deliver: (LiveUnit) -> Void) throws {
    guard let timeBase = graph?.timeBase else { return }
    while try graph?.receive(into: &filtered) == true {
      if encoder == nil { encoder = try graph?.encoder(settings) }
      try encoder?.encode(&filtered, timeBase: timeBase) { pts, bytes in
        deliver(
          LiveUnit(
            stream: .audio(track), bytes: bytes, pts: pts, dts: pts, duration: settings.frame.ticks(1), isKey: true,
            arrival: arrival))
      }
    }
  }
}
