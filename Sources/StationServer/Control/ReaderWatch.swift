/// Whether a client reads what waits for it. Times are steady seconds.
struct ReaderWatch {
  /// A client that takes nothing for so long is too slow: seconds.
  let patience: Double
  /// So is one that takes something, but has more than a little waiting for so long.
  let utmostPatience: Double

  private struct Waiting {
    let since: Double
    let lastTaken: Double
    /// Bytes taken by then, since the connection began.
    let taken: Int
  }

  private var waiting: Waiting?

  init(patience: Double = 10, utmostPatience: Double = 60) {
    (self.patience, self.utmostPatience) = (patience, utmostPatience)
  }

  /// Whether anything waits.
  var isWaiting: Bool { waiting != nil }

  /// Nearly all was taken: what waits now begins to wait.
  mutating func relieve() { waiting = nil }

  /// - Parameters:
  ///   - pending: bytes that wait.
  ///   - written: bytes that were ever written, those that wait among them.
  mutating func look(pending: Int, written: Int, at now: Double) {
    let taken = written - pending
    if pending <= 0 {
      waiting = nil
    } else if let before = waiting {
      if taken > before.taken { waiting = Waiting(since: before.since, lastTaken: now, taken: taken) }
    } else {
      waiting = Waiting(since: now, lastTaken: now, taken: taken)
    }
  }

  func isTooSlow(at now: Double) -> Bool {
    guard let waiting else { return false }
    return now - waiting.lastTaken > patience || now - waiting.since > utmostPatience
  }
}
