import FoundationEssentials
import LinuxIO
import Playout
import Synchronization
import Tape
import TransportStream

/// Where a transmitter process takes its requests: makes plans ready for the sending thread, tells its figures.
final class TransmitDesk: Sendable {
  /// The datagrams' source port, the same for every transmitter, so that a receiver that knows sources by their
  /// addresses (RFC 3550 §8.2) does not notice a new one.
  static let sourcePort: UInt16 = 9965

  /// Between a plan and the first datagram of a station new on the air: time for the sending thread to see it.
  private static let lead = Ticks.milliseconds(10)
  /// Ahead of all ordinary threads, behind the kernel's own.
  private static let priority: Int32 = 50

  /// What is on the air, for the next plan to build on.
  fileprivate struct Air: Sendable {
    struct Entry: Sendable {
      var plan: StationPlan
      var station: Station
      var destination: Destination
      var figures: StationFigures
    }

    /// The plan's interface as it was found, and how it is used.
    var way: Way?
    /// In the order of the sending thread's slots.
    var entries: [Entry] = []
  }

  /// How datagrams leave the machine.
  fileprivate struct Way: Hashable, Sendable {
    var interface: NetworkInterface
    var ttl: Int
    var dscp: Int

    func open() throws(SystemError) -> MulticastSender {
      try MulticastSender(
        interface: interface, ttl: ttl, dscp: dscp, capacity: Transmitter.batchCapacity,
        sourcePort: TransmitDesk.sourcePort)
    }
  }

  private struct Listed: Sendable {
    var number: UInt16
    var figures: StationFigures
    var fault: String?
  }

  private let handover: Handover
  private let mailbox = Mailbox()
  private let onLeft: @Sendable () -> Void
  /// One plan at a time; opening tapes may take long, and figures must not wait for it.
  private let air = Mutex(Air())
  private let listed = Mutex<[Listed]>([])
  private let isRealTime = Atomic<Bool>(false)

  /// - Parameter onLeft: called on the sending thread when it has left the air as asked.
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
      guard mailbox.end.load(ordering: .relaxed) == .max else {
        return TransmitReply(error: "this transmitter is leaving the air")
      }
      return TransmitReply(ready: try air.withLock { air in try carryOut(plan, &air) })
    }
    if let leave = request.leave {
      mailbox.end.store(leave.at?.count ?? 0, ordering: .relaxed)
      // Without a plan there is no sending thread to leave the air.
      if air.withLockIfAvailable({ $0.way == nil }) == true { onLeft() }
      return TransmitReply(left: .init(clockOffset: mailbox.clockOffset.load(ordering: .relaxed)))
    }
    if request.figures != nil { return TransmitReply(figures: figures) }
    return TransmitReply(error: "the request asks for nothing: it needs plan, figures or leave")
  }

  /// Leaves the air now.
  func leave() { mailbox.end.store(0, ordering: .relaxed) }

  private var figures: TransmitFigures {
    TransmitFigures(
      clockOffset: mailbox.clockOffset.load(ordering: .relaxed), residentBytes: ThisProcess.residentBytes,
      realTime: isRealTime.load(ordering: .relaxed),
      stations: listed.withLock { $0 }.map { listed in
        listed.figures.summary(number: listed.number, planFault: listed.fault)
      })
  }

  private func carryOut(_ plan: TransmitPlan, _ air: inout Air) throws(SystemError) -> TransmitReply.Ready {
    let way = Way(interface: try NetworkInterface(plan.interface), ttl: plan.ttl, dscp: plan.dscp)
    let (entries, faults) = Self.open(plan.stations, after: air.entries)
    var order = AirOrder(roster: AirRoster([], batchCapacity: 0), sender: nil)
    if way != air.way { order.sender = try way.open() }

    let from = air.way == nil ? try begin(plan) : now + Self.lead
    order.roster = AirRoster(Self.slots(entries, after: air.entries, from: from))
    mailbox.carryOut(order)
    air = Air(way: way, entries: entries)
    list(entries, faults)
    return TransmitReply.Ready(from: from, clockOffset: mailbox.clockOffset.load(ordering: .relaxed), faults: faults)
  }

  private var now: Ticks {
    Ticks(nanoseconds: SteadyClock.now + mailbox.clockOffset.load(ordering: .relaxed))
  }

  /// Starts the sending thread, after the elder if there is one; returns the date from which on the air is ours.
  private func begin(_ plan: TransmitPlan) throws(SystemError) -> Ticks {
    let inheritance = handover.findElders()
    let clock = (inheritance.clockOffset ?? plan.clockOffset).map { AirClock(offset: $0) } ?? AirClock()
    mailbox.clockOffset.store(clock.offset, ordering: .relaxed)
    let (mailbox, onLeft) = (mailbox, onLeft)
    let thread = try RealTimeThread(name: "transmitter", priority: Self.priority) {
      Transmitter(clock: clock, mailbox: mailbox).run()
      onLeft()
    }
    isRealTime.store(thread.isRealTime, ordering: .relaxed)
    if !thread.isRealTime {
      Transmit.log(
        "no real-time priority (CAP_SYS_NICE or an rtprio limit grants it): a busy machine may delay datagrams")
    }
    return handover.takeOver(from: inheritance.elders) { now } ?? now + Self.lead
  }

  /// The stations whose tapes open. One that fails stays as it was, if it was on the air.
  private static func open(
    _ plans: [StationPlan], after before: [Air.Entry]
  ) -> (entries: [Air.Entry], faults: [TransmitReply.Fault]) {
    let known = Dictionary(before.map { ($0.plan.identity.number, $0) }, uniquingKeysWith: { first, _ in first })
    var entries: [UInt16: Air.Entry] = [:]
    var faults: [TransmitReply.Fault] = []
    for plan in plans {
      let number = plan.identity.number
      do {
        guard entries[number] == nil else { throw PlanFault(what: "its number is another station's too") }
        entries[number] = try plan.opened(after: known[number])
      } catch {
        faults.append(TransmitReply.Fault(number: number, fault: "\(error)"))
        if entries[number] == nil { entries[number] = known[number] }
      }
    }
    return (entries.values.sorted { $0.plan.identity.number < $1.plan.identity.number }, faults)
  }

  private static func slots(
    _ entries: [Air.Entry], after before: [Air.Entry], from: Ticks
  ) -> [AirSlot<Station>] {
    let places = Dictionary(
      before.indices.map { (before[$0].plan.identity.number, $0) }, uniquingKeysWith: { first, _ in first })
    return entries.map { entry in
      AirSlot(
        source: entry.station, destination: entry.destination,
        ssrc: entry.plan.encapsulation == .rtp ? entry.plan.ssrc : nil, figures: entry.figures,
        predecessor: places[entry.plan.identity.number], notBefore: from)
    }
  }

  private func list(_ entries: [Air.Entry], _ faults: [TransmitReply.Fault]) {
    let playing = entries.map { Listed(number: $0.plan.identity.number, figures: $0.figures) }
    var all = Dictionary(playing.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
    for fault in faults {
      all[fault.number, default: Listed(number: fault.number, figures: StationFigures())].fault = fault.fault
    }
    let list = all.values.sorted { $0.number < $1.number }
    listed.withLock { $0 = list }
  }
}

/// Why a station of a plan cannot be on the air.
private struct PlanFault: Error, CustomStringConvertible {
  var what: String
  var description: String { what }
}

extension StationPlan {
  /// Opens the station's tapes. What `before`, the same station as it is on the air, has open already is kept.
  fileprivate func opened(after before: TransmitDesk.Air.Entry?) throws -> TransmitDesk.Air.Entry {
    guard let destination = Destination(group: group, port: port) else {
      throw PlanFault(what: "\(group) is no multicast group")
    }
    let open = before?.station.eras ?? []
    let eras = try self.eras.map { record throws(TapeError) in
      if let same = open.first(where: { $0.record == record }) { same } else { try Era(opening: record) }
    }
    guard let station = Station(identity: identity, eras: eras) else {
      throw PlanFault(what: "its eras are not in order")
    }
    return TransmitDesk.Air.Entry(
      plan: self, station: station, destination: destination, figures: before?.figures ?? StationFigures())
  }
}
