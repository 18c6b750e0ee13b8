/// What a station's RTP timestamps are just now, as a server or the station's own datagrams have told: so nobody's run further
/// ahead than time does, however small their steps are. Pure.
struct StationClock: Sendable {
  /// A datagram may be ahead by so much, in 90 kHz: a reply or the first datagram may have been under way for long.
  static let tolerance: Int64 = 90_000
  /// How often it is set right, in nanoseconds, and by which part of that at the most: clocks differ by far less.
  private static let pause: Int64 = 1_000_000_000
  private static let slew: Int64 = 1000

  private var timestamp: UInt32 = 0
  /// When it was that timestamp's turn, in steady nanoseconds; nil where nobody has told.
  private var since: Int64?

  /// How far a timestamp is ahead, in 90 kHz; nil where nobody has told.
  func lead(_ timestamp: UInt32, now: Int64) -> Int64? {
    guard let since else { return nil }
    let passed = UInt32(truncatingIfNeeded: (now - since) / 100_000 * 9)
    return Int64(Int32(bitPattern: timestamp &- self.timestamp &- passed))
  }

  func isDue(_ timestamp: UInt32, now: Int64) -> Bool { lead(timestamp, now: now).map { $0 <= Self.tolerance } ?? true }

  /// It is this timestamp's turn, whatever was told before.
  mutating func set(_ timestamp: UInt32, now: Int64) { (self.timestamp, since) = (timestamp, now) }

  /// A server has sent this: its turn has come.
  mutating func reach(_ timestamp: UInt32, now: Int64) {
    if lead(timestamp, now: now).map({ $0 > 0 }) ?? true { set(timestamp, now: now) }
  }

  /// A datagram has come that was believed: follows it, slowly.
  mutating func follow(_ timestamp: UInt32, now: Int64) {
    guard let since, let lead = lead(timestamp, now: now) else { return set(timestamp, now: now) }
    guard now - since >= Self.pause else { return }
    let most = max(1, (now - since) / 100_000 * 9 / Self.slew)
    set(timestamp &- UInt32(truncatingIfNeeded: lead - min(max(lead, -most), most)), now: now)
  }
}
