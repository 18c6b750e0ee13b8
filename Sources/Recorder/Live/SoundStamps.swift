import LibAV

/// Mends the times of a feed's first sound.
///
/// A PES packet says when its first frame is heard. libav dates those behind it by how long the ones before last, but does
/// not know that yet of a stream's very first one: all others in that PES packet come out one frame too early, so that
/// two frames have the same time, and one seems to be missing at the packet's end.
struct SoundStamps: Sendable {
  /// 90 kHz.
  private let frame: Int64
  /// When the next frame is heard if libav reckons on.
  private var reckoned: Int64?
  /// How long those lasted of which libav did not know it.
  private var missing: Int64 = 0

  init(_ stream: StreamDescription) { frame = AudioFrameLength(of: stream).ticks(1) }

  /// Takes each of the stream's packets in turn, with times in 90 kHz counts.
  mutating func correct(_ packet: inout Packet) {
    guard let (pts, duration) = correct(packet.pts, packet.duration) else { return }
    (packet.pts, packet.dts, packet.duration) = (pts, packet.dts == nil ? nil : pts, duration)
  }

  /// The same for a packet's PTS and duration, 0 when unknown.
  mutating func correct(_ pts: Int64?, _ duration: Int64) -> (pts: Int64, duration: Int64)? {
    guard let pts else { return nil }
    // A time that is not what libav would reckon is one that the stream says itself.
    if let reckoned, abs(pts - reckoned) > frame / 2 { missing = 0 }
    reckoned = pts + duration
    let mended = pts + missing
    guard duration <= 0 else { return (mended, duration) }
    missing += frame
    return (mended, frame)
  }
}

extension AudioFrameLength {
  /// How long one of a stream's coded frames lasts, as far as its description tells.
  init(of stream: StreamDescription) {
    let usual = stream.codec == "aac" ? 1024 : stream.codec.hasSuffix("ac3") ? 1536 : 1152
    self.init(
      samples: Int64(stream.frameSize > 0 ? stream.frameSize : usual), rate: Int64(max(stream.sampleRate, 1)))
  }
}
