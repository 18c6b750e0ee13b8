import LinuxIO
import Playout
import TransportStream

/// A sending thread: waits until a datagram is due, sends all that are, and goes on. It allocates nothing and takes no lock
/// that another thread can hold for long.
struct Transmitter: ~Copyable {
  /// How many datagrams one system call may send.
  static let batchCapacity = 256
  /// The longest sleep, nanoseconds: so late may an order from the mailbox be seen.
  private static let longestSleep: Int64 = 5_000_000
  private static let second: Int64 = 1_000_000_000

  private var clock: AirClock
  private let terms: AirTerms
  /// Whether it is the one of the threads that keeps the air's time.
  private let keepsClock: Bool
  private var roster = AirRoster<Station>([], grain: Grain(datagramsPerSecond: 0), batchCapacity: 0)
  /// nil until the first order.
  private var sender: MulticastSender?
  private let mailbox: Mailbox
  /// When figures were last reckoned, and how often: steady nanoseconds, seconds.
  private var reckoned = SteadyClock.now
  private var seconds = 0

  /// - Parameter keepsClock: true for exactly one thread of a process.
  init(terms: AirTerms, mailbox: Mailbox, keepsClock: Bool) {
    self.terms = terms
    self.mailbox = mailbox
    self.keepsClock = keepsClock
    clock = AirClock(offset: terms.clockOffset.load(ordering: .relaxed))
  }

  /// Sends until the terms' end date has come and everything before it is out.
  consuming func run() {
    while true {
      takeOrder()
      let end = Ticks(terms.end.load(ordering: .relaxed))
      let isAllOut = sendDue(before: end)
      if isAllOut, hasReached(end) { return }
      keepTime()
      guard isAllOut else { continue }
      let latest = clock.now + Self.longestSleep
      let next = min(roster.nextDate ?? end, end)
      clock.sleep(until: next < Ticks(nanoseconds: latest) ? next.nanoseconds : latest)
    }
  }

  private func hasReached(_ end: Ticks) -> Bool {
    guard let next = roster.nextDate else { return Ticks(nanoseconds: clock.now) >= end }
    return next >= end
  }

  private mutating func takeOrder() {
    mailbox.exchange { order in
      order.roster.begin(after: roster)
      swap(&roster, &order.roster)
      if order.sender != nil { swap(&sender, &order.sender) }
    }
  }

  /// Sends one batch of what is due; returns whether that was all.
  private mutating func sendDue(before end: Ticks) -> Bool {
    guard var sender = sender.take() else { return true }
    let isAll = roster.collect(now: Ticks(nanoseconds: clock.now), before: end, into: &sender)
    if sender.count > 0 {
      // In two steps: in one, a reference to the terms would be counted.
      let outcome = sender.flush { place, code in roster.refused(place, code: code) }
      terms.count(outcome)
    }
    self.sender = consume sender
    return isAll
  }

  /// Once a second: follows the system clock a little, or the thread that does, and reckons figures.
  private mutating func keepTime() {
    let steady = SteadyClock.now
    guard steady - reckoned >= Self.second else { return }
    if keepsClock {
      clock.follow()
      terms.clockOffset.store(clock.offset, ordering: .relaxed)
    } else {
      clock = AirClock(offset: terms.clockOffset.load(ordering: .relaxed))
    }
    roster.reckon(elapsed: Ticks(nanoseconds: steady - reckoned))
    reckoned = steady
    seconds += 1
    if seconds % 60 == 0 { roster.beginMinute() }
  }
}
