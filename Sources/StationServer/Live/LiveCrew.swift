import Glibc
import LinuxIO
import Logging
import Synchronization
import Tape
import TransportStream

/// The two recorders of a live station: one is on duty and writes the ring, the other stands by, ready to go on at the
/// next picture when the first one dies. Whichever dies is replaced. There is a third place for the first recorder with
/// another source: those with the former one stay until it has shown that it can stand by.
actor LiveCrew {
  /// What is told of the one on duty, and of its end when it was told to leave.
  typealias Tell = @Sendable (_ duty: LiveDuty, LiveReport) async -> Void

  private let recorder: LiveRecorder
  private let clock: AirTime
  private let logger: Logger
  private let tell: Tell
  private var duty: LiveDuty
  private var posts = [Post(), Post(), Post()]
  /// How long sources are left alone after recorders died of them.
  private var respite = Respite()
  private var hold = 0.0
  /// When the ring ends, if it is to; and whether it has.
  private var leaving: Ticks?
  private var hasLeft = false
  private var pulse = RingPulse()
  private var lastWords = ""

  /// A recorder's place.
  private struct Post {
    var process: Int32?
    var orders: AsyncStream<LiveOrder>.Continuation?
    /// What it does it was told when it began.
    var duty: LiveDuty?
    var report: LiveReport?
    /// Since when it is on duty: steady nanoseconds.
    var onDuty: Int64?
    /// For so many seconds then it does not touch the source.
    var hold = 0.0
    var isAskedToGo = false
    /// What it was last told of the air's time: UTC minus steady time, nanoseconds.
    var toldOffset: Int64 = 0

    var isManned: Bool { orders != nil }
  }

  init(_ duty: LiveDuty, recorder: LiveRecorder, clock: AirTime, logger: Logger, tell: @escaping Tell) {
    (self.duty, self.recorder, self.clock, self.logger, self.tell) = (duty, recorder, clock, logger, tell)
  }

  /// Until the task is cancelled, or the recorders have left as they were told.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      for post in posts.indices { group.addTask { await self.man(post) } }
      group.addTask { await self.watch() }
      for _ in posts { await group.next() }
      group.cancelAll()
    }
  }

  // MARK: Orders

  /// Another source for the same ring: a recorder that has it ready takes over.
  func change(to new: LiveDuty) {
    guard new != duty else { return }
    duty = new
    hold = 0
    respite = Respite()
  }

  /// Lets recorders with another source go as soon as one with the right one stands by: first whoever could take the ring
  /// before it.
  private func handOver() {
    guard posts.contains(where: { $0.duty == duty && $0.report != nil && $0.onDuty == nil }) else { return }
    let idle = posts.indices.filter { posts[$0].isManned && posts[$0].onDuty == nil && posts[$0].duty != duty }
    for post in idle where !posts[post].isAskedToGo { ask(post) }
    guard idle.isEmpty else { return }
    for post in posts.indices where posts[post].onDuty != nil && posts[post].duty != duty && !posts[post].isAskedToGo {
      posts[post].isAskedToGo = true
      posts[post].orders?.yield(LiveOrder(yield: true))
    }
  }

  /// The ring ends at `date`; then the crew does. Also one that stands by hears of it: the other may die before it is done.
  func leave(at date: Ticks) {
    guard leaving == nil else { return }
    leaving = date
    for post in posts { post.orders?.yield(LiveOrder(leave: date.count)) }
  }

  /// Ends a recorder that does nothing yet.
  private func ask(_ post: Int) {
    posts[post].isAskedToGo = true
    if let process = posts[post].process { _ = ThisProcess.signal(process, SIGTERM) }
  }

  // MARK: Processes

  /// Keeps one recorder after the other at a post, as long as there are not two with the right source at the others.
  private func man(_ post: Int) async {
    var failing = Respite()
    while !Task.isCancelled, !hasLeft {
      guard posts.count(where: { $0.duty == self.duty }) < 2 else {
        try? await Task.sleep(for: .milliseconds(100))
        continue
      }
      let (orders, continuation) = AsyncStream.makeStream(of: LiveOrder.self, bufferingPolicy: .bufferingNewest(16))
      let (duty, born) = (duty, clock.steadyNow)
      let offset = clock.offset
      posts[post] = Post(orders: continuation, duty: duty, hold: hold, toldOffset: offset)
      if let leaving { continuation.yield(LiveOrder(leave: leaving.count)) }
      let end = await recorder.run(
        duty.source, duty.arguments(clockOffset: offset, hold: hold),
        LiveRecorder.Line(
          orders: orders, began: { await self.began(post, $0) }, said: { await self.heard($0, of: post) }))
      let pause = ended(post, end, lived: Double(clock.steadyNow - born) / 1e9, &failing)
      handOver()
      guard pause > 0, !Task.isCancelled, !hasLeft else { continue }
      // The place stays taken meanwhile.
      posts[post].duty = self.duty
      try? await Task.sleep(for: .seconds(pause))
      posts[post] = Post()
    }
  }

  private func began(_ post: Int, _ process: Int32) {
    posts[post].process = process
    if hasLeft || posts[post].isAskedToGo { ask(post) }
  }

  private func heard(_ report: LiveReport, of post: Int) async {
    posts[post].report = report
    if report.isOnDuty, posts[post].onDuty == nil {
      posts[post].onDuty = clock.steadyNow
      pulse = RingPulse()
    }
    handOver()
    if report.hasLeft {
      hasLeft = true
      for other in posts.indices where other != post { ask(other) }
    }
    if report.isOnDuty || report.hasLeft, let duty = posts[post].duty { await tell(duty, report) }
  }

  /// Takes in a recorder's end; returns seconds to wait before the next one is begun.
  private func ended(_ post: Int, _ end: String, lived: Double, _ failing: inout Respite) -> Double {
    let ended = posts[post]
    posts[post] = Post()
    guard !Task.isCancelled, !hasLeft, !ended.isAskedToGo else { return 0 }
    if let since = ended.onDuty {
      // Others have its ring at once; what may have killed it is touched again after a pause, if it did so before.
      // It lives, for that, from when it touches the source.
      hold = respite.afterDeath(lived: Double(clock.steadyNow - since) / 1e9 - ended.hold)
      let next = hold == 0 ? "the other one goes on" : "the other one goes on, and the source is tried in \(hold) s"
      logger.warning("\(duty.label): its recorder \(end): \(next)")
      lastWords = ""
      failing = Respite()
      return 0
    }
    // It stood by, or never got so far: nobody saw it go, but what ends it may end the next one just as soon.
    if lastWords != end || lived > 5 {
      logger.error("\(duty.label): its recorder\(ended.report == nil ? "" : ", which stood by,") \(end)")
    }
    lastWords = end
    return max(0.25, failing.afterDeath(lived: lived))
  }

  // MARK: Time passes

  /// Twice a second: passes the air's time on, and looks whether the one on duty still works.
  private func watch() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(500))
      let offset = clock.offset
      for post in posts.indices where posts[post].isManned && abs(offset - posts[post].toldOffset) > 1_000 {
        posts[post].toldOffset = offset
        posts[post].orders?.yield(LiveOrder(clockOffset: offset))
      }
      guard let post = posts.first(where: { $0.onDuty != nil }), let process = post.process, leaving == nil else {
        continue
      }
      if pulse.hasStopped(post.duty ?? duty, at: clock) {
        logger.error("\(duty.label): its recorder hangs: it is ended")
        pulse = RingPulse()
        _ = ThisProcess.signal(process, SIGKILL)
      }
    }
  }
}

/// Whether a ring still fills.
private struct RingPulse {
  /// A ring without anything new for so long is no live one: 2 s, in nanoseconds.
  private static let patience: Int64 = 2_000_000_000

  private var ring: Ring?
  private var count: Int64 = -1
  private var since = Int64.max

  mutating func hasStopped(_ duty: LiveDuty, at clock: AirTime) -> Bool {
    guard clock.now > duty.from else { return false }
    let now = clock.steadyNow
    if ring?.isCurrent != true { ring = try? Ring(path: duty.ring) }
    let seen = ring?.count ?? 0
    if seen != count || since == .max { (count, since) = (seen, now) }
    return now - since > Self.patience
  }
}
