import Wire

/// What is known of one source of a station: of its stream connection, and of what it sends by multicast.
struct SourceState {
  /// What a stream connection was opened with.
  enum Request: Equatable {
    case nothing
    /// Where the tuning begins; and that again after too long a silence.
    case start, anew
    case from(Int64)
  }
  /// What is to be said next on the stream connection.
  enum Order { case pause, follow }

  /// Whether it has a server to ask.
  let hasServer: Bool

  /// Whether the stream connection's reply has come and it has not ended since.
  var isOpen = false
  /// Connections in a row that ended without a reply, and those of them that the server refused.
  var failures = 0
  var refusals = 0
  var request = Request.nothing
  /// Whether the server sends all datagrams, as far as we know, and which one it sends next.
  var isFollowing = false
  var position: Int64 = 0
  var order: Order?
  /// When its stream last brought something of the station, or was last not waited for, in steady nanoseconds.
  var heard = Int64.min / 2
  /// When its reply came, in steady nanoseconds.
  var opened = Int64.min / 2
  /// When something was said last, in steady nanoseconds.
  var lastLine: Int64 = 0

  /// Whether its datagrams have been seen to be the same as the others'.
  var agrees: Bool
  /// Datagrams in a row that were not, and whether that are so many that it is left out.
  var disagreements = 0
  var isOutOfStep: Bool { disagreements >= Self.mostDisagreements }
  static let mostDisagreements = 8
  /// When multicast brought something last, in steady nanoseconds, and the highest number that it brought.
  var lastArrival = Int64.min / 2
  var newest = Int64.min
  /// The datagram that multicast brought last, if it did not go on from what is known: the next one tells.
  var doubt: RTPHeader?

  init(hasServer: Bool, agrees: Bool) {
    self.hasServer = hasServer
    self.agrees = agrees
  }
}

/// What multicast has passed without bringing it, since the beginning.
struct MulticastLosses {
  /// What stands so far behind the newest will not come any more; and is not known any more.
  private static let depth: Int64 = 64
  private static let memory: Int64 = 1 << 16

  /// The first and the highest number that has come.
  private(set) var first = Int64.max
  private(set) var newest = Int64.min
  /// The first one behind those that have been judged.
  private var judged: Int64 = 0

  func hasPassed(_ number: Int64) -> Bool { number > first && number < newest }

  mutating func note(_ number: Int64) {
    if newest == .min { (first, judged) = (number, number) }
    newest = max(newest, number)
  }

  /// The next one that will not come any more, if it has not come.
  mutating func next() -> Int64? {
    guard newest > .min, judged < newest - Self.depth else { return nil }
    judged = max(judged, newest - Self.memory)
    defer { judged += 1 }
    return judged
  }

  mutating func renumber(by distance: Int64) {
    guard newest > .min else { return }
    first += distance
    newest += distance
    judged += distance
  }
}

/// What multicast has brought without a pause.
struct MulticastRun {
  /// Since when it comes, in steady nanoseconds, and when its last datagram came.
  var since = Int64.min / 2
  var last = Int64.min / 2
  /// The first and the highest number of the stretch that is judged, how many of it came, and when it began.
  var first: Int64 = 0
  var newest: Int64 = -1
  var count: Int64 = 0
  var judged: Int64 = 0

  /// Whether at least three quarters of the stretch came: the rest can be repaired.
  var isGood: Bool { count > 0 && count * 4 >= (newest - first + 1) * 3 }

  mutating func note(_ number: Int64, now: Int64, pause: Int64) {
    if now - last > pause {
      (since, first, newest, count, judged) = (now, number, number, 0, now)
    } else if now - judged > 1_000_000_000 {
      (first, newest, count, judged) = (min(number, newest + 1), number, 0, now)
    }
    last = now
    first = min(first, number)
    newest = max(newest, number)
    count += 1
  }

  mutating func renumber(by distance: Int64) {
    first += distance
    newest += distance
  }
}
