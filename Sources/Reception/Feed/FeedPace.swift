/// How a feed keeps time with what it feeds.
package enum Pacing: Sendable, Equatable {
  /// As it comes: a file.
  case none
  /// A player. With a gauge it tells what it plays just now (``PlayerFeed/gauge(clock:now:)``) and is kept short of data,
  /// so that a change of station shows soon; without one it gets a second more than it should have played.
  case player(hasGauge: Bool)
}

/// When a player gets more: as much as it needs to start, and from then on so that its own queue stays at a small length.
/// Times of the stream are 90 kHz on the player's timeline, those of the clock steady nanoseconds.
struct FeedPace: Sendable {
  /// What a player with a gauge holds that is not shown yet, in 90 kHz: sound that is on its way through two buffers of
  /// 2048 samples in ffplay (85 ms), and what a late wake-up costs.
  static let lead: Int64 = 90 * 150
  /// The same of a player that we know nothing of.
  static let blindLead: Int64 = 90_000
  /// What a player gets before it plays: two pictures and sound to tell what they are, and so much more that it does not
  /// run dry while it opens its window.
  static let opening: Int64 = 90 * 400
  /// What a player gets of another station at once, so that its first pictures are decoded when they are due.
  static let splice: Int64 = 90 * 120
  /// How long a player with a gauge may take until it plays; then it is fed as one without.
  static let patience: Int64 = 1_500_000_000
  /// For how long after its last word a player is taken to play on. One that is paused says nothing.
  static let trust: Int64 = 120_000_000

  private let pacing: Pacing
  /// The first time on the timeline, and when it was fed.
  private var start: (time: Int64, date: Int64)?
  /// Until when the player is fed in any case.
  private var floor: Int64 = 0
  /// What the player said last.
  private var gauge: (clock: Int64, date: Int64)?

  init(_ pacing: Pacing) { self.pacing = pacing }

  /// The first of the stream goes to a new player: its time, and the present.
  mutating func started(at time: Int64, now: Int64) {
    start = (time, now)
    floor = time + Self.opening
    gauge = nil
  }

  /// Another station begins at a time on the timeline.
  mutating func spliced(at time: Int64) { floor = time + Self.splice }

  mutating func forget() { (start, gauge) = (nil, nil) }

  /// The player plays `clock`.
  mutating func note(clock: Int64, now: Int64) {
    guard pacing == .player(hasGauge: true) else { return }
    gauge = (clock, now)
  }

  /// What the player plays at `now`, as far as it tells or can be guessed; nil while it is starting, and for files.
  func clock(now: Int64) -> Int64? {
    if let gauge { return gauge.clock + Self.counts(min(max(0, now - gauge.date), Self.trust)) }
    guard pacing != .none, let start else { return nil }
    if pacing == .player(hasGauge: true) && now - start.date < Self.patience { return nil }
    return start.time + Self.counts(now - start.date)
  }

  /// Until when on its timeline the player may be fed now; nil: as far as there is anything.
  func limit(now: Int64) -> Int64? {
    guard pacing != .none, start != nil else { return nil }
    guard let clock = clock(now: now) else { return floor }
    return max(floor, clock + (gauge != nil ? Self.lead : Self.blindLead))
  }

  /// Nanoseconds as counts of 90 kHz.
  private static func counts(_ nanoseconds: Int64) -> Int64 { nanoseconds * 9 / 100_000 }
}
