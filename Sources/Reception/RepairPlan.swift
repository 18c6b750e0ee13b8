/// Which datagrams are missing, and when to ask for them: not before those that are only out of order could have come, and no
/// more than a server grants.
///
/// What is not answered when others asked for later are, the server has passed over: it is asked for again, after pauses that
/// grow. Where nothing is answered at all, one datagram is asked for again and again: a ``Probe``.
struct RepairPlan: ~Copyable {
  /// Datagrams in a row that are missing.
  struct Gap: Equatable {
    var first: Int64
    /// One past the last.
    var end: Int64
    /// When the first one behind them came.
    var since: Int64
    /// When they are to be asked for, again if they have been.
    var due: Int64
    /// When they were asked for first and last, and how often.
    var asked: Int64 = 0
    var repeated: Int64 = 0
    var tries = 0
    /// How long the receiver had stood still when they were missed.
    var stood: Int64 = 0

    var count: Int { Int(clamping: end - first) }
  }

  /// What was missing a moment ago and has come.
  struct Filled: Equatable {
    /// Nanoseconds since it was missed, without those in which the receiver stood still.
    var wait: Int64
    /// How often it was asked for.
    var tries: Int
  }

  /// So many gaps are kept in mind; of more, the oldest are not asked for.
  static let mostGaps = 512
  /// So often a gap is asked for.
  static let mostTries = 6
  /// Whoever is out of order by less than this need not be asked for, in nanoseconds.
  private static let leastWait: Int64 = 2_000_000
  private static let longestPause: Int64 = 1_000_000_000
  private static let perSecond: Int64 = 1_000_000_000

  /// In ascending order.
  private(set) var gaps: [Gap] = []
  /// How many datagrams are missing.
  private(set) var missing = 0
  /// When the next gap is due; `Int64.max` when none is.
  private var gapDue = Int64.max
  /// When the first gap is due that nothing was heard since.
  private var silentDue = Int64.max
  private var probe = Probe()
  /// When ``takeDue(now:_:)`` has something to ask for; `Int64.max` when it has not.
  var nextDue: Int64 { min(gapDue, probe.due) }
  private(set) var answerTime = AnswerTime()
  /// How late datagrams come that are merely out of order.
  private(set) var disorder: HoldBack

  /// How long the receiver has stood still since the beginning, in nanoseconds: time in which nothing was waited for.
  private(set) var stood: Int64 = 0
  /// Of that, so much at the most puts off when one datagram is given up.
  static let mostStood: Int64 = 2_000_000_000

  /// What may be asked for: half of the station's datagrams, and what two seconds of that make at once. In billionths.
  private var allowed: Int64
  private let mostAllowed: Int64
  private let allowedPerNanosecond: Int64
  private var refilled: Int64

  /// - Parameters:
  ///   - rate: the station's datagrams per second.
  ///   - latency: how long a missing datagram may be waited for, in nanoseconds.
  init(rate: Int, latency: Int64, now: Int64) {
    gaps.reserveCapacity(Self.mostGaps + 1)
    disorder = HoldBack(limit: latency / 4, now: now)
    allowedPerNanosecond = Int64(max(1, rate / 2))
    mostAllowed = max(256, 2 * allowedPerNanosecond) * Self.perSecond
    allowed = mostAllowed
    refilled = now
  }

  /// Whether asking for what is missing would be more than the server grants.
  var isHopeless: Bool { Int64(missing) * Self.perSecond > mostAllowed || overdrawn }
  private var overdrawn = false

  /// Lets time pass.
  mutating func tick(now: Int64) {
    let elapsed = min(max(0, now - refilled), 4 * Self.perSecond)
    allowed = min(mostAllowed, allowed + elapsed * allowedPerNanosecond)
    refilled = now
    disorder.tick(now: now)
  }

  /// The receiver has not run for so many nanoseconds beyond its time.
  mutating func stand(still late: Int64) { stood += late }

  /// The datagrams from `first` up to, not with, `end` have been passed by others; they are behind all other gaps.
  mutating func miss(_ first: Int64, _ end: Int64, now: Int64) {
    let gap = Gap(first: first, end: end, since: now, due: now + Self.leastWait + disorder.delay, stood: stood)
    gaps.append(gap)
    missing += gap.count
    gapDue = min(gapDue, gap.due)
    if gaps.count > Self.mostGaps { missing -= gaps.removeFirst().count }
  }

  /// A datagram came; nil when it had not been missed.
  ///
  /// - Parameter isRepair: whether it came because it was asked for.
  mutating func fill(_ number: Int64, isRepair: Bool, now: Int64) -> Filled? {
    guard let index = index(of: number) else { return nil }
    let gap = gaps[index]
    let wait = max(0, now - gap.since - (stood - gap.stood))
    missing -= 1
    if gap.count == 1 {
      gaps.remove(at: index)
    } else if number == gap.first {
      gaps[index].first += 1
    } else if number == gap.end - 1 {
      gaps[index].end -= 1
    } else {
      gaps[index].end = number
      var rest = gap
      rest.first = number + 1
      gaps.insert(rest, at: index + 1)
      if gaps.count > Self.mostGaps { missing -= gaps.removeFirst().count }
    }
    if gaps.isEmpty { rest() }
    if !isRepair { disorder.note(wait: wait) } else if gap.tries > 0 { answerTime.note(now - gap.asked) }
    return Filled(wait: wait, tries: gap.tries)
  }

  /// A frame has come over a stream connection.
  mutating func hear(now: Int64) {
    probe.hear(now: now, limit: answerTime.limit)
    gapDue = min(gapDue, max(silentDue, probe.resumed + answerTime.limit))
    silentDue = .max
  }

  /// What stands before `number` is not missed any more.
  mutating func forget(before number: Int64) {
    while let gap = gaps.first, gap.first < number {
      if gap.end <= number {
        missing -= gap.count
        gaps.removeFirst()
      } else {
        missing -= Int(number - gap.first)
        gaps[0].first = number
      }
    }
    if gaps.isEmpty { rest() }
  }

  mutating func clear() {
    gaps.removeAll(keepingCapacity: true)
    missing = 0
    rest()
    overdrawn = false
  }

  private mutating func rest() {
    (gapDue, silentDue) = (.max, .max)
    probe.rest()
  }

  /// A connection has ended, and what was asked for on it will not come.
  mutating func askAnew(now: Int64) {
    for index in gaps.indices where gaps[index].tries > 0 { (gaps[index].tries, gaps[index].due) = (0, now) }
    let due = gaps.lazy.map(\.due).min() ?? .max
    rest()
    gapDue = due
  }

  /// Gives every gap another number.
  mutating func renumber(by distance: Int64) {
    for index in gaps.indices {
      gaps[index].first += distance
      gaps[index].end += distance
    }
  }

  /// Goes through what is due, oldest first, until `ask` takes no more.
  ///
  /// - Parameter ask: gets the first datagram and how many, and how often they were asked for; false when it has no room
  ///   for them, nil when they are another one's to ask for.
  mutating func takeDue(now: Int64, _ ask: (Int64, Int, Int) -> Bool?) {
    guard now >= nextDue else { return }
    (gapDue, silentDue, overdrawn) = (.max, .max, false)
    var isFull = false
    var silent: Int?
    for index in gaps.indices {
      let gap = gaps[index]
      guard gap.tries < Self.mostTries else { continue }
      if gap.tries > 0, probe.heard < gap.repeated {
        silent = silent ?? index
        silentDue = min(silentDue, gap.due)
        continue
      }
      // What was asked for before the probes that were answered is on its way.
      let due = gap.tries > 0 ? max(gap.due, probe.resumed + answerTime.limit) : gap.due
      guard due <= now, !isFull else {
        gapDue = min(gapDue, due)
        continue
      }
      switch take(gap.first, gap.count, gap.tries, ask) {
      case true:
        if gap.tries == 0 { gaps[index].asked = now }
        gaps[index].repeated = now
        gaps[index].tries += 1
        gaps[index].due = now + min(answerTime.limit << Int64(gap.tries), Self.longestPause)
        silentDue = min(silentDue, gaps[index].due)
        probe.ask(now: now, limit: answerTime.limit)
      case false:
        isFull = true
        gapDue = min(gapDue, due)
      default: gapDue = min(gapDue, due)
      }
    }
    guard now >= probe.due, !isFull else { return }
    guard let silent else { return probe.rest() }
    let (first, tries) = (gaps[silent].first, gaps[silent].tries + probe.count)
    if take(first, 1, tries, ask) == true { probe.send(now: now, limit: answerTime.limit) }
  }

  /// Asks for so many if the server grants them.
  private mutating func take(_ first: Int64, _ count: Int, _ tries: Int, _ ask: (Int64, Int, Int) -> Bool?) -> Bool? {
    let cost = Int64(count) * Self.perSecond
    guard cost <= allowed else {
      overdrawn = true
      return nil
    }
    let answer = ask(first, count, tries)
    if answer == true { allowed -= cost }
    return answer
  }

  /// Since when the gap that `number` stands in has been waited for: when it was found, and what the receiver has stood still
  /// since.
  func since(_ number: Int64) -> Int64? {
    index(of: number).map { gaps[$0].since + min(Self.mostStood, stood - gaps[$0].stood) }
  }

  private func index(of number: Int64) -> Int? {
    var (low, high) = (0, gaps.count)
    while low < high {
      let middle = (low + high) / 2
      if gaps[middle].end <= number { low = middle + 1 } else { high = middle }
    }
    return low < gaps.count && gaps[low].first <= number ? low : nil
  }
}
