import LibAV

/// Keeps a source's timestamps going where they jump: in a recording of a broadcast that was interrupted, in several
/// recordings one after the other, in a damaged file.
struct SourceClock: Sendable {
  /// In formats that may jump (MPEG streams), streams are no further apart than this, 90 kHz.
  static let smallestJump: Int64 = 10 * HouseTime.perSecond
  /// In all others a file that stands still for longer is damaged.
  static let smallestDamage: Int64 = 3_600 * HouseTime.perSecond
  /// A stream's own DTS never go back by so much, 90 kHz.
  static let smallestReturn: Int64 = HouseTime.perSecond
  /// No container counts so far, 90 kHz: 396 years.
  static let farthest: Int64 = 1 << 50

  private let threshold: Int64
  private var offset: Int64 = 0
  private var first: Int64?
  private var latest: Int64 = 0
  private var last: [Int: Int64] = [:]

  init(mayJump: Bool) { threshold = mayJump ? SourceClock.smallestJump : SourceClock.smallestDamage }

  /// How far the source has been read, in seconds.
  var position: Double { Double(latest - (first ?? latest)) / Double(HouseTime.perSecond) }

  /// Moves the packet's timestamps onto the clock that does not jump. Times that nobody can mean are forgotten first: no
  /// sum or difference of those that remain overflows.
  mutating func correct(_ packet: inout Packet, _ stream: StreamDescription) {
    func time(_ count: Int64) -> Int64? {
      let time = stream.timeBase.rescale(count, to: .ninetyKilohertz)
      return (-SourceClock.farthest...SourceClock.farthest).contains(time) ? time : nil
    }
    let dts = packet.dts.flatMap(time)
    var pts = packet.pts.flatMap(time)
    if let shown = pts, let dts, abs(shown - dts) > SourceClock.smallestDamage { pts = nil }
    if dts == nil { packet.dts = nil }
    if pts == nil { packet.pts = nil }
    let duration = time(packet.duration).flatMap { $0 <= SourceClock.smallestDamage ? $0 : nil }
    if duration == nil { packet.duration = 0 }
    guard let time = dts ?? pts else { return }
    let shift = note(time, stream: stream.index, duration: duration ?? 0)
    if shift != 0 { packet.shift(by: Rational.ninetyKilohertz.rescale(shift, to: stream.timeBase)) }
  }

  /// The shift for the next packet of the file, which says it is of `time`; 90 kHz.
  mutating func note(_ time: Int64, stream: Int, duration: Int64) -> Int64 {
    let time = min(max(time, -SourceClock.farthest), SourceClock.farthest)
    let returns = last[stream].map { $0 - (time + offset) > SourceClock.smallestReturn } ?? false
    if first != nil, returns || abs(time + offset - latest) > threshold {
      offset = latest + min(max(duration, 1), HouseTime.perSecond) - time
    }
    latest = time + offset
    last[stream] = latest
    first = first ?? latest
    return offset
  }
}
