import LibAV

/// A decoder that damage does not stop: what it cannot use is counted and left out.
struct Decoding: ~Copyable {
  private var decoder: Decoder
  /// What came out last.
  var frame: Frame
  /// Packets that were damaged and left out.
  private(set) var skipped = 0

  init(_ parameters: borrowing CodecParameters, timeBase: Rational, isLive: Bool = false) throws(LibAVError) {
    let frame = try Frame()
    decoder = try Decoder(parameters, timeBase: timeBase, isLive: isLive)
    self.frame = frame
  }

  /// Hands in a packet; false when it is beyond use.
  mutating func take(_ packet: borrowing Packet) -> Bool {
    do {
      try decoder.send(packet)
      return true
    } catch {
      skipped += 1
      return false
    }
  }

  /// Says that no more will come, so that the last frames come out.
  mutating func finish() { decoder.finish() }

  /// Puts the next into ``frame``; false when there is none, or it is beyond use.
  mutating func next() -> Bool {
    do {
      return try decoder.receive(into: &frame)
    } catch {
      skipped += 1
      return false
    }
  }
}
