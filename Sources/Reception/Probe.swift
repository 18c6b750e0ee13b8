/// When to ask although everything has been asked for, because nothing is answered at all: then a segment was lost, and TCP
/// looks for that only after 200 ms, or at once when another one comes behind it (RFC 8985). All times in nanoseconds.
struct Probe: Sendable, Equatable {
  /// When something was heard last, and when something was heard again after probes.
  private(set) var heard = Int64.min / 2
  private(set) var resumed = Int64.min / 2
  /// When the next one is due if nothing is heard before; `Int64.max` when nothing is waited for.
  private(set) var due = Int64.max
  /// How many there were since.
  private(set) var count = 0

  /// So many follow each other twice as fast as answers do, but for this pause; then pauses double.
  private static let fast = 12
  private static let leastPause: Int64 = 10_000_000
  private static let longestPause: Int64 = 1_000_000_000
  /// So often the least pause doubles until it is longer than the longest.
  private static let doublings = 7

  /// Something was asked for, and answers come within `limit`. It is as good as a probe that is due.
  mutating func ask(now: Int64, limit: Int64) { if due == .max || due <= now { due = now + limit } }

  /// Something has come.
  mutating func hear(now: Int64, limit: Int64) {
    guard due < .max else { return }
    if count > 0 { resumed = now }
    (heard, due, count) = (now, now + limit, 0)
  }

  /// One was sent.
  mutating func send(now: Int64, limit: Int64) {
    count += 1
    let doublings = min(max(0, count - Self.fast), Self.doublings)
    due = now + min(max(Self.leastPause, limit / 2) << Int64(doublings), Self.longestPause)
  }

  /// Nothing is waited for.
  mutating func rest() { (due, count) = (.max, 0) }
}
