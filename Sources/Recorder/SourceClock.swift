import LibAV

/// Keeps a source's timestamps going where the source itself lets them jump: a recording of a broadcast that was
/// interrupted, or several of them one after the other.
struct SourceClock: Sendable {
  /// A jump of more than this is none that a stream's own content could cause, 90 kHz.
  static let largestGap: Int64 = 10 * HouseTime.perSecond

  private let mayJump: Bool
  private var offset: Int64 = 0
  private var last: [Int: Int64] = [:]
  private var first: Int64?
  private var latest: Int64 = 0

  init(mayJump: Bool) { self.mayJump = mayJump }

  /// How far the source has been read, in seconds.
  var position: Double { Double(latest - (first ?? latest)) / Double(HouseTime.perSecond) }

  /// Moves the packet's timestamps onto the clock that does not jump.
  mutating func correct(_ packet: inout Packet, _ stream: StreamDescription) {
    guard let time = packet.dts ?? packet.pts else { return }
    let shift = note(
      stream.timeBase.rescale(time, to: .ninetyKilohertz), stream: stream.index,
      duration: stream.timeBase.rescale(packet.duration, to: .ninetyKilohertz))
    if shift != 0 { packet.shift(by: Rational.ninetyKilohertz.rescale(shift, to: stream.timeBase)) }
  }

  /// The shift for a packet at `time`, 90 kHz.
  mutating func note(_ time: Int64, stream: Int, duration: Int64) -> Int64 {
    var shifted = time + offset
    if mayJump, let before = last[stream], abs(shifted - before) > SourceClock.largestGap {
      // The others of the same place shift with it; they may have been a little ahead.
      offset += before + max(duration, 1) - shifted
      shifted = time + offset
    }
    last[stream] = shifted
    first = first ?? shifted
    latest = max(latest, shifted)
    return offset
  }
}
