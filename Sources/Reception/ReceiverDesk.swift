import LinuxIO
import Wire

/// What the receiver's thread does in one round: takes in what has come, hands the player what is its turn, and says how
/// long it may rest. One station is at the player; another one may be on its way there.
struct ReceiverDesk: ~Copyable {
  /// How often it looks when nothing is urgent, in nanoseconds.
  private static let beat: Int64 = 4_000_000
  /// How long a new station has everything polled for, once it is at the player.
  private static let settling: Int64 = 500_000_000
  /// The longest rest.
  private static let longest: Int64 = 100_000_000
  /// Datagrams with dates further apart have a hole between them that no player gets over: 90 kHz.
  private static let hole: Int64 = 90_000
  /// How long a player may take for the last of a station.
  private static let farewell: Int64 = 100_000_000
  /// So many datagrams are fed before the player is written to.
  private static let portion = 64
  /// So many may wait for a reader that is slow, of what is not on the air just now.
  private static let reserve = 1024
  /// How long a station that is left may go on while the new one has not come.
  private static let patience: Int64 = 2_000_000_000
  /// How long ago what a player goes on with was sent, at the least, in seconds: then all of the prelude is there at once.
  private static let preludeLength = 0.6
  /// How long it may go on when the new one has begun to come.
  private static let preludePatience: Int64 = 300_000_000

  private var current: Intake
  private var coming: Intake?
  private var comingSink: any Sink
  private var comingSince: Int64 = 0
  /// What there is of the coming station, and since when there is anything.
  private var prelude: FeedPrelude?
  private var preludeSince: Int64?
  private var tuned = 0
  private var sink: any Sink
  private var feed: PlayerFeed
  private var buffer = SinkBuffer()
  private var droppedBefore: UInt64 = 0
  /// The date of the datagram that was fed last: Unix time in 90 kHz.
  private var lastDate: Int64?
  /// When the player got the first of the station, in steady nanoseconds.
  private var started: Int64?
  /// When the player last got anything, in steady nanoseconds.
  private var lastFed: Int64
  /// Which of the stations tuned to the player gets.
  private(set) var fed = 0
  private(set) var sinkFault: SystemError?

  init(_ tuning: Tuning, sink: any Sink) {
    let now = SteadyClock.now
    current = Intake(tuning, now: now)
    self.sink = sink
    comingSink = sink
    lastFed = now
    feed = PlayerFeed(paced: sink.pacing, keepsClock: sink.pacing == .none)
    feed.begin(tuning, now: now)
  }

  /// Takes an order: a station that was not there before, or more sources of the one that is.
  mutating func take(_ tuning: Tuning, sink: any Sink, tuned: Int, now: Int64) {
    guard tuned != self.tuned else { return (coming ?? current).take(tuning.sources, now: now) }
    self.tuned = tuned
    // A player that does not tell what it plays has a second to spare, and a new one nothing to go on with.
    let isPrompt = sink === self.sink && sink.pacing == .player(hasGauge: true)
    prelude = isPrompt ? FeedPrelude(tuning) : nil
    preludeSince = nil
    var tuning = tuning
    if isPrompt { tuning.back = max(tuning.back, Self.preludeLength) }
    coming = Intake(tuning, now: now)
    comingSink = sink
    comingSince = now
  }

  mutating func turn(now: Int64) {
    if let told = sink.takeClock() { feed.gauge(clock: told.seconds, now: told.date) }
    current.turn(now: now, spare: feed.spare(now: now))
    if let coming {
      coming.turn(now: now, spare: 0)
      // A player that is gone has nobody to wait with.
      if canBegin(coming, now: now) || now - comingSince > Self.patience || sinkFault != nil {
        change(to: coming, now: now)
      }
    }
    while supply(now: now), pump() {}
    _ = pump()
  }

  /// Whether the player can go on with a station now.
  private mutating func canBegin(_ coming: Intake, now: Int64) -> Bool {
    guard coming.head != nil, var prelude else { return coming.head != nil }
    coming.look { prelude.look(at: $0) }
    self.prelude = prelude
    let since = preludeSince ?? now
    preludeSince = since
    return prelude.isComplete || now - since > Self.preludePatience
  }

  /// Nothing more comes: what the player has been given ends with whole pictures and sound, as far as it takes that soon.
  mutating func finish() {
    guard feed.isOpen else { return }
    feed.begin(current.tuning, now: SteadyClock.now)
    let limit = SteadyClock.now + Self.farewell
    while pump() == false, sinkFault == nil, SteadyClock.now < limit {
      SteadyClock.sleep(until: SteadyClock.now + Self.beat)
    }
  }

  /// Feeds what is there, as far as the player should have it; false when that is nothing.
  private mutating func supply(now: Int64) -> Bool {
    // On the air things go on while nobody reads: then the feed lets go of the oldest.
    let most = current.tuning.start == .live ? Int.max : Self.reserve
    var count = 0
    while feed.waiting < most, count < Self.portion, let head = current.head, feed.mayTake(now: now) {
      // After a long hole the player begins anew, with a whole picture.
      if let lastDate, abs(head.date - lastDate) > Self.hole { feed.begin(current.tuning, now: now) }
      lastDate = head.date
      current.take { feed.accept($0, date: head.date, now: now) }
      count += 1
    }
    if count > 0 {
      lastFed = now
      if started == nil { started = now }
    }
    return count > 0
  }

  /// Writes what the player takes; false when it takes no more.
  private mutating func pump() -> Bool {
    guard sinkFault == nil else { return false }
    do throws(SystemError) {
      guard try sink.isReady() else {
        waitForReader()
        return false
      }
      while try buffer.flush(to: sink) {
        feed.drain { buffer.append($0) }
        if buffer.isEmpty { return true }
      }
    } catch {
      sinkFault = error
    }
    return false
  }

  /// Nobody reads yet: on the air things go on, and who comes begins with what is on the air then. The past waits.
  private mutating func waitForReader() {
    guard current.tuning.start == .live, feed.isOpen else { return }
    feed.begin(current.tuning, now: SteadyClock.now, newPlayer: true)
    lastDate = nil
  }

  private mutating func change(to new: Intake, now: Int64) {
    current = new
    coming = nil
    fed = tuned
    started = nil
    lastFed = now
    let isOther = comingSink !== sink
    if isOther {
      sink = comingSink
      sinkFault = nil
      buffer.clear()
    }
    feed.begin(new.tuning, now: now, newPlayer: isOther)
    lastDate = nil
    droppedBefore = feed.dropped
  }

  /// Has `poll` wait for what is urgent, and returns when to look again at the latest.
  func watch(_ polls: inout PollSet, now: Int64) -> Int64 {
    let due = min(current.wake, coming?.wake ?? .max, feed.wake(now: now))
    let isSettled = coming == nil && started.map { now - $0 > Self.settling } == true
    if isSettled { return max(now, min(due, now + Self.beat)) }
    current.watch(&polls)
    coming?.watch(&polls)
    return max(now, min(due, now + (buffer.isEmpty ? Self.longest : Self.beat)))
  }

  var figures: ReceptionFigures {
    guard coming == nil else { return coming?.figures ?? current.figures }
    var figures = current.figures
    figures.dropped = feed.dropped - droppedBefore
    figures.isPlaying = feed.isOpen
    figures.buffer = feed.buffer(now: SteadyClock.now)
    figures.position = lastDate
    figures.idleSince = started == nil || current.head == nil ? nil : lastFed
    return figures
  }

  /// What a server said first of the station that was tuned to last.
  var reply: StreamReply? { coming.map(\.reply) ?? current.reply }
}
