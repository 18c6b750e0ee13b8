import LibAV

/// A feed's own time in 90 kHz counts that go on where its 33 bits (ISO/IEC 13818-1 §2.4.3.7) begin again, every 26.5 hours.
struct FeedClock: Sendable {
  private var last: Int64?

  private static let period: Int64 = 1 << 33

  /// Rewrites a packet's times; all of a feed's streams go by one clock.
  mutating func correct(_ packet: inout Packet, timeBase: Rational) {
    func time(_ count: Int64?) -> Int64? {
      guard let time = count.map({ timeBase.rescale($0, to: .ninetyKilohertz) }) else { return nil }
      return abs(time) <= SourceClock.farthest ? time : nil
    }
    let (pts, dts) = (time(packet.pts), time(packet.dts))
    let duration = min(timeBase.rescale(packet.duration, to: .ninetyKilohertz), 10 * HouseTime.perSecond)
    let decoding = (dts ?? pts).map { unwrap($0) }
    packet.dts = dts == nil ? nil : decoding
    packet.pts = pts.map { shown in (decoding ?? shown) + FeedClock.distance(from: dts ?? shown, to: shown) }
    packet.duration = duration
  }

  /// The count on an endless clock nearest to the last one.
  mutating func unwrap(_ time: Int64) -> Int64 {
    let endless = last.map { $0 + FeedClock.distance(from: $0, to: time) } ?? time
    last = endless
    return endless
  }

  private static func distance(from: Int64, to: Int64) -> Int64 {
    let ahead = (to - from) & (period - 1)
    return ahead >= period / 2 ? ahead - period : ahead
  }
}
