/// How long a connection rests before it is made again: twice as long each time it does not hold, and far longer when the server
/// has refused. All times in nanoseconds.
struct ReconnectPause: Sendable {
  /// The first pause, and the longest; after a refusal, ten times as long.
  static let first: Int64 = 100_000_000
  private static let longest: Int64 = 1_600_000_000
  /// A connection that has stood for so long is no sign of a server that is not well.
  private static let good: Int64 = 2_000_000_000

  private var next = first
  /// When the connection was answered, a steady date; nil while there is none, or no answer.
  private var answered: Int64?
  /// Whether the last connection ended with a refusal.
  private(set) var isRefused = false

  /// The connection stands, and the server has answered.
  mutating func answer(now: Int64) { answered = now }

  /// The connection has ended, or did not come about.
  ///
  /// - Returns: how long it is to rest, a quarter of that by chance, so that the receivers of a server that comes back do not all
  ///   come at once.
  mutating func end(now: Int64, isRefused: Bool) -> Int64 {
    if let answered, now - answered > Self.good { next = Self.first }
    let length = isRefused ? next * 10 : next
    next = min(next * 2, Self.longest)
    (answered, self.isRefused) = (nil, isRefused)
    return length - Int64.random(in: 0...length / 4)
  }

  /// The connection is to be made anew, whatever became of those before.
  mutating func begin() { (next, answered) = (Self.first, nil) }
}
