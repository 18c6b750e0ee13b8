import LinuxIO
import Playout
import Tape
import TransportStream

/// A plan made real: tapes open, groups understood, interface found. The next plan builds on it.
struct PlannedAir: Sendable {
  struct Entry: Sendable {
    var plan: StationPlan
    var station: Station
    var destination: Destination
    var figures: StationFigures
  }

  /// How datagrams leave the machine.
  struct Way: Hashable, Sendable {
    /// The datagrams' source port, the same for every transmitter, so that a receiver that knows sources by their
    /// addresses (RFC 3550 §8.2) does not notice a new one.
    static let sourcePort: UInt16 = 9965

    var interface: NetworkInterface
    var ttl: Int
    var dscp: Int

    func open() throws(SystemError) -> MulticastSender {
      try MulticastSender(
        interface: interface, ttl: ttl, dscp: dscp, capacity: Transmitter.batchCapacity, sourcePort: Self.sourcePort)
    }
  }

  /// nil before the first.
  private(set) var plan: TransmitPlan?
  private(set) var way: Way?
  /// In the order of the sending thread's slots: by number.
  private(set) var entries: [Entry] = []

  /// The air as `plan` has it. A station whose tapes do not open stays as it was, if it was on the air; what is open
  /// already is not opened again.
  ///
  /// - Throws: when the interface is not there.
  func followed(by plan: TransmitPlan) throws(SystemError) -> (air: PlannedAir, faults: [TransmitReply.Fault]) {
    var next = PlannedAir()
    next.plan = plan
    next.way = Way(interface: try NetworkInterface(plan.interface), ttl: plan.ttl, dscp: plan.dscp)
    let before = Dictionary(entries.map { ($0.plan.identity.number, $0) }, uniquingKeysWith: { first, _ in first })
    var opened: [UInt16: Entry] = [:]
    var faults: [TransmitReply.Fault] = []
    for station in plan.stations {
      let number = station.identity.number
      do {
        guard opened[number] == nil else { throw PlanFault(description: "its number is another station's too") }
        opened[number] = try station.opened(after: before[number])
      } catch {
        faults.append(TransmitReply.Fault(number: number, fault: "\(error)"))
        if opened[number] == nil { opened[number] = before[number] }
      }
    }
    next.entries = opened.values.sorted { $0.plan.identity.number < $1.plan.identity.number }
    return (next, faults)
  }

  /// What the sending thread needs of it: stations that were on the air `before` go on, others begin at `from`.
  func slots(after before: PlannedAir, from: Ticks) -> [AirSlot<Station>] {
    let numbers = before.entries.map(\.plan.identity.number)
    let places = Dictionary(zip(numbers, numbers.indices), uniquingKeysWith: { first, _ in first })
    return entries.map { entry in
      AirSlot(
        source: entry.station, destination: entry.destination,
        ssrc: entry.plan.encapsulation == .rtp ? entry.plan.ssrc : nil, figures: entry.figures,
        predecessor: places[entry.plan.identity.number], notBefore: from)
    }
  }
}

/// Why a station of a plan cannot be on the air.
private struct PlanFault: Error, CustomStringConvertible {
  var description: String
}

extension StationPlan {
  /// Opens the station's tapes; `before` is the same station as it is on the air.
  fileprivate func opened(after before: PlannedAir.Entry?) throws -> PlannedAir.Entry {
    guard let destination = Destination(group: group, port: port) else {
      throw PlanFault(description: "\(group) is no multicast group")
    }
    let figures = before?.figures ?? StationFigures()
    if let before, before.plan.eras == eras, before.plan.identity == identity {
      return PlannedAir.Entry(plan: self, station: before.station, destination: destination, figures: figures)
    }
    let open = before?.station.eras ?? []
    let eras = try self.eras.map { record throws(TapeError) in
      if let same = open.first(where: { $0.record == record }) { same } else { try Era(opening: record) }
    }
    guard let station = Station(identity: identity, eras: eras) else {
      throw PlanFault(description: "its eras are not in order")
    }
    return PlannedAir.Entry(plan: self, station: station, destination: destination, figures: figures)
  }
}
