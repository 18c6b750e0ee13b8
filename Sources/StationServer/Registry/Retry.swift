/// Something that is tried again when it failed: after a second, then two, four, ... 30 seconds.
struct Retry {
  private var failures = 0
  private var next = Int64.min
  private var complaint: String?

  /// Whether it is worth another try. `now`: steady nanoseconds.
  func isDue(at now: Int64) -> Bool { now >= next }

  /// It did not come to pass.
  ///
  /// - Parameters:
  ///   - reason: why; nil when nothing tells.
  ///   - now: steady nanoseconds.
  /// - Returns: whether that is worth saying: it is another reason than the last time.
  mutating func failed(_ reason: String?, at now: Int64) -> Bool {
    next = now + min(30, 1 << min(failures, 5)) * 1_000_000_000
    failures += 1
    defer { complaint = reason }
    return reason != complaint
  }

  mutating func succeeded() { self = Retry() }
}
