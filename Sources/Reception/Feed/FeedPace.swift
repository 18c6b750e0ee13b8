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
  /// 2048 samples in ffplay (85 ms), and what a late wake-up costs. It counts what has left for the player
  /// (``FeedStream/front``).
  static let lead: Int64 = 90 * 120
  /// What it holds at the most when it has run dry again and again on a machine with much to do, and by how much more each
  /// time.
  static let mostLead: Int64 = 90 * 280
  static let leadStep: Int64 = 90 * 40
  /// After so long without it gets as much less.
  static let ease: Int64 = 30_000_000_000
  /// A clock that has fallen back by so much, in 90 kHz, is that of a player that had nothing to play.
  static let slip: Int64 = 90 * 60
  /// The same of a player that we know nothing of.
  static let blindLead: Int64 = 90_000
  /// What a player gets before it plays: two pictures and sound to tell what they are, and so much more that it does not
  /// run dry while it opens its window.
  static let opening: Int64 = 90 * 400
  /// What a player gets of another station at once, from its first picture on: as many pictures as a decoder wants to see
  /// before it gives the first one away, and sound to go on with.
  static let splice: Int64 = 90 * 200
  /// A player with a gauge tells of its sound up to so much before that is to be heard, in 90 kHz: ffplay's two buffers.
  static let soundDelay: Int64 = 90 * 90
  /// How long a player with a gauge may take until it plays; then it is fed as one without.
  static let patience: Int64 = 1_500_000_000
  /// For how long after its last word a player is taken to play on. One that is paused says nothing.
  static let trust: Int64 = 120_000_000

  private let pacing: Pacing
  /// The first time on the timeline, and when it was fed.
  private var start: (time: Int64, date: Int64)?
  /// Until when the player is fed in any case.
  private var floor: Int64 = 0
  /// What the player said last, and whether it had yet to leap then.
  private var gauge: (clock: Int64, date: Int64, leaps: Bool)?
  private var lead = Self.lead
  /// When that was changed, or might have been.
  private var leadDate: Int64 = 0
  /// What the player leaps over when it comes to the next station: clocks before `until` are so much behind.
  private var leap: (until: Int64, length: Int64) = (.min, 0)

  init(_ pacing: Pacing) { self.pacing = pacing }

  /// The first of the stream goes to a new player: its time, and the present.
  mutating func started(at time: Int64, now: Int64) {
    start = (time, now)
    floor = time + Self.opening
    gauge = nil
  }

  /// Another station's first picture is shown at a time on the timeline.
  ///
  /// - Parameter end: where the former station's sound ends; nil without any. The player's clock goes from there to `time`
  ///   at once.
  mutating func spliced(at time: Int64, after end: Int64?) {
    floor = time + Self.splice
    guard let end, hasGauge else { return }
    leap = (max(end, time - Self.soundDelay), max(0, time - end))
    gauge?.clock += leap.length
    gauge?.leaps = true
  }

  mutating func forget() {
    (start, gauge) = (nil, nil)
    leap = (.min, 0)
    (lead, leadDate) = (Self.lead, 0)
  }

  /// Whether the player tells what it plays.
  var hasGauge: Bool { pacing == .player(hasGauge: true) }

  /// The player plays `clock`.
  mutating func note(clock: Int64, now: Int64) {
    guard hasGauge else { return }
    let leaps = clock < leap.until
    let clock = leaps ? clock + leap.length : clock
    if let gauge, !leaps, !gauge.leaps, now - gauge.date < Self.trust,
      clock < gauge.clock + Self.counts(now - gauge.date) - Self.slip
    {
      lead = min(lead + Self.leadStep, Self.mostLead)
      leadDate = now
    } else if now - leadDate > Self.ease {
      lead = max(lead - Self.leadStep, Self.lead)
      leadDate = now
    }
    gauge = (clock, now, leaps)
  }

  /// What the player plays at `now`, as far as it tells or can be guessed; nil while it is starting, and for files.
  func clock(now: Int64) -> Int64? {
    if let gauge { return gauge.clock + Self.counts(min(max(0, now - gauge.date), Self.trust)) }
    guard pacing != .none, let start else { return nil }
    if hasGauge && now - start.date < Self.patience { return nil }
    return start.time + Self.counts(now - start.date)
  }

  /// Until when on its timeline the player may be fed now; nil: as far as there is anything.
  func limit(now: Int64) -> Int64? {
    guard pacing != .none, start != nil else { return nil }
    guard let clock = clock(now: now) else { return floor }
    return max(floor, clock + (gauge != nil ? lead : Self.blindLead))
  }

  /// Nanoseconds as counts of 90 kHz.
  private static func counts(_ nanoseconds: Int64) -> Int64 { nanoseconds * 9 / 100_000 }
}
