import FoundationEssentials
import LinuxIO
import Playout
import Synchronization
import TransportStream

/// Where a transmitter process takes its requests: makes plans ready for the sending thread, tells its figures.
final class TransmitDesk: Sendable {
  /// Between a plan and the first datagram of a station new on the air: time for the sending threads to see it.
  private static func notice(stations: Int) -> Ticks { .milliseconds(10 + Int64(stations) / 50) }

  private struct Listed: Sendable {
    var number: UInt16
    var figures: StationFigures
    var fault: TransmitReply.Fault?
  }

  private struct Air: Sendable {
    var planned = PlannedAir()
    /// What of the plan is not sent.
    var faults: [TransmitReply.Fault] = []
    /// When that is tried again.
    var retry = Retry()
    /// Since the first plan.
    var threads: SendingThreads?
  }

  private let handover: Handover
  private let terms = AirTerms()
  private let readAhead = ReadAhead()
  private let onLeft: @Sendable () -> Void
  /// One plan at a time; opening tapes may take long, and figures must not wait for it.
  private let air = Mutex(Air())
  private let listed = Mutex<[Listed]>([])
  private let isRealTime = Atomic<Bool>(false)

  /// - Parameter onLeft: called on a sending thread when all have left the air as asked.
  init(handover: Handover, onLeft: @escaping @Sendable () -> Void) {
    self.handover = handover
    self.onLeft = onLeft
  }

  /// Answers one line of JSON with another.
  func answer(_ line: String) -> String {
    let reply: TransmitReply
    do {
      reply = try self.reply(to: JSONDecoder().decode(TransmitRequest.self, from: Data(line.utf8)))
    } catch let error as DecodingError {
      reply = TransmitReply(error: "the request cannot be read: \(error)")
    } catch {
      reply = TransmitReply(error: "\(error)")
    }
    let json = try? JSONEncoder().encode(reply)
    return json.map { String(decoding: $0, as: UTF8.self) } ?? #"{"error":"the answer cannot be written"}"#
  }

  private func reply(to request: TransmitRequest) throws -> TransmitReply {
    if let plan = request.plan {
      guard terms.end.load(ordering: .relaxed) == .max else {
        return TransmitReply(error: "this transmitter is leaving the air")
      }
      return TransmitReply(ready: try air.withLock { air in try carryOut(plan, &air) })
    }
    if let leave = request.leave {
      terms.end.store(leave.at?.count ?? 0, ordering: .relaxed)
      // Without a plan there is no sending thread to leave the air.
      if air.withLockIfAvailable({ $0.threads == nil }) == true { onLeft() }
      return TransmitReply(left: .init(clockOffset: terms.clockOffset.load(ordering: .relaxed)))
    }
    if request.figures != nil { return TransmitReply(figures: figures) }
    return TransmitReply(error: "the request asks for nothing: it needs plan, figures or leave")
  }

  /// Leaves the air now.
  func leave() { terms.end.store(0, ordering: .relaxed) }

  private var figures: TransmitFigures {
    TransmitFigures(
      clockOffset: terms.clockOffset.load(ordering: .relaxed),
      process: .init(
        residentBytes: ThisProcess.residentBytes, realTime: isRealTime.load(ordering: .relaxed),
        calls: terms.calls.load(ordering: .relaxed), trains: terms.trains.load(ordering: .relaxed),
        datagrams: terms.datagrams.load(ordering: .relaxed)),
      stations: listed.withLock { $0 }.map { listed in
        listed.figures.summary(number: listed.number, planFault: listed.fault)
      })
  }

  private func carryOut(_ plan: TransmitPlan, _ air: inout Air) throws(SystemError) -> TransmitReply.Ready {
    let (next, faults) = try air.planned.followed(by: plan, now: now(by: plan, air))
    let way = next.way == air.planned.way ? nil : next.way
    // Found out before an elder is asked to leave.
    _ = try way?.open()
    let agreed = air.threads == nil ? try begin(plan, threads: next.threads, &air) : nil
    readAhead.follow(next.entries.map { .init(station: $0.station, readiness: $0.readiness) }) { terms.now }
    let from = agreed ?? terms.now + Self.notice(stations: next.entries.count)
    try air.threads?.carryOut(next.rosters(after: air.planned, from: from), way: way)
    air.planned = next
    note(faults, &air)
    list(next.entries, faults)
    return TransmitReply.Ready(from: from, clockOffset: terms.clockOffset.load(ordering: .relaxed), faults: faults)
  }

  /// Goes over to a new socket if the interface is not the one that the plan's name stood for: a card that was taken
  /// out and put in again has another number. To be called now and then.
  func followInterface() {
    guard terms.end.load(ordering: .relaxed) == .max else { return }
    _ = air.withLockIfAvailable { air in
      guard let plan = air.planned.plan, let found = try? NetworkInterface(plan.interface),
        found != air.planned.way?.interface
      else { return }
      Transmit.log("\(plan.interface) has changed: sending on \(found.name), number \(found.index), from now on")
      do { _ = try carryOut(plan, &air) } catch { Transmit.log("\(error)") }
    }
  }

  /// Looks again for tapes that could not be opened: after a second, and then less and less often. To be called now and
  /// then.
  func tryAgain() {
    guard terms.end.load(ordering: .relaxed) == .max else { return }
    _ = air.withLockIfAvailable { air in
      guard let plan = air.planned.plan, !air.faults.isEmpty, air.retry.isDue(at: SteadyClock.now) else { return }
      do {
        let (_, faults) = try air.planned.followed(by: plan, now: terms.now)
        if faults == air.faults { note(faults, &air) } else { _ = try carryOut(plan, &air) }
      } catch { Transmit.log("\(error)") }
    }
  }

  private func note(_ faults: [TransmitReply.Fault], _ air: inout Air) {
    if faults != air.faults || faults.isEmpty { air.retry.succeeded() }
    if !faults.isEmpty { _ = air.retry.failed(nil, at: SteadyClock.now) }
    air.faults = faults
  }

  /// The air's time, by the plan as long as there is none.
  private func now(by plan: TransmitPlan, _ air: Air) -> Ticks {
    guard air.threads == nil else { return terms.now }
    return Ticks(nanoseconds: SteadyClock.now + (Self.offset(plan.clockOffset) ?? AirClock().offset))
  }

  /// The machine was started after 1970: what is not positive is no offset.
  private static func offset(_ given: Int64?) -> Int64? {
    given.flatMap { (1..<1 << 61).contains($0) ? $0 : nil }
  }

  /// Starts the sending threads, and has the elder leave if there is one; returns the date from which on the air is ours,
  /// nil if nobody else has it.
  private func begin(_ plan: TransmitPlan, threads count: Int, _ air: inout Air) throws(SystemError) -> Ticks? {
    let inheritance = handover.findElders()
    let offset = Self.offset(inheritance.clockOffset ?? plan.clockOffset)
    terms.clockOffset.store(offset ?? AirClock().offset, ordering: .relaxed)
    let threads = try SendingThreads(count: count, terms: terms, onLeft: onLeft)
    isRealTime.store(threads.isRealTime, ordering: .relaxed)
    if !threads.isRealTime {
      Transmit.log(
        "no real-time priority (CAP_SYS_NICE or an rtprio limit grants it): a busy machine may delay datagrams")
    }
    let (readAhead, terms) = (readAhead, terms)
    _ = try RealTimeThread(name: "read ahead", priority: nil) {
      readAhead.run { terms.now }
    }
    air.threads = threads
    return handover.takeOver(from: inheritance.elders) { terms.now }
  }

  private func list(_ entries: [PlannedAir.Entry], _ faults: [TransmitReply.Fault]) {
    let playing = entries.map { Listed(number: $0.plan.identity.number, figures: $0.figures) }
    var all = Dictionary(playing.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
    for fault in faults {
      all[fault.number, default: Listed(number: fault.number, figures: StationFigures())].fault = fault
    }
    let list = all.values.sorted { $0.number < $1.number }
    listed.withLock { $0 = list }
  }
}
