/// How long what stands behind a missing datagram is held back before that is asked for again: so long it may merely be out
/// of order. Nothing on a clean network; grows at once with what it saw, and is forgotten slowly.
struct HoldBack: Sendable, Equatable {
  /// Nanoseconds to hold back; 0 where nothing is ever late.
  private(set) var delay: Int64 = 0

  /// The most it may be, in nanoseconds.
  let limit: Int64
  /// In so many nanoseconds half of it is forgotten.
  static let halfLife: Int64 = 10_000_000_000
  /// Less than this is nothing: 1 ms.
  private static let least: Int64 = 1_000_000
  private static let step: Int64 = 100_000_000
  private var decayed: Int64

  init(limit: Int64, now: Int64) {
    self.limit = limit
    decayed = now
  }

  /// A missing datagram came `wait` nanoseconds after it was missed.
  mutating func note(wait: Int64) {
    // A quarter more, and 2 ms: the next one may take a little longer.
    delay = min(limit, max(delay, wait + wait / 4 + 2_000_000))
  }

  /// Lets time pass.
  mutating func tick(now: Int64) {
    guard delay > 0 else {
      decayed = now
      return
    }
    while now - decayed >= Self.step, delay > 0 {
      decayed += Self.step
      // 2^(-0.01), to within a thousandth of it.
      delay -= delay * 69 / 10_000
      if delay < Self.least { delay = 0 }
    }
  }
}
