import LinuxIO
import Playout
import Tape
import TransportStream

/// A plan made real: tapes and rings open, groups understood, interface found. The next plan builds on it.
struct PlannedAir: Sendable {
  struct Entry: Sendable {
    var plan: StationPlan
    var station: Station
    var destination: Destination
    var figures: StationFigures
    var readiness: Readiness
    /// Which of the sending threads carries it; nil until that is decided.
    var thread: Int?
    /// What of its plan could not be opened, which others of its eras have to stand in for.
    var fault: TransmitReply.Fault?
    /// When it has anything to send; nil: it has.
    var begins: Ticks?

    /// A part of 3 ms, by its number alone, so that it never changes: multiples of the golden ratio lie evenly between two
    /// whole numbers, however many of them there are.
    fileprivate var lead: Ticks {
      let part = (Double(plan.identity.number) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1)
      return Ticks(Int64(part * Double(Ticks.milliseconds(3).count)))
    }

    /// The first tape of its latest schedule.
    fileprivate var tape: String { plan.eras.last?.tapes.first ?? "" }
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
  /// How many threads send: as the first plan had it, for a station on the air does not change threads.
  private(set) var threads = 1
  /// By number.
  private(set) var entries: [Entry] = []

  /// The air as `plan` has it. An era whose tapes do not open is left out: what was on the air before it goes on, as this
  /// transmitter's plan had it or the former one's. What is open already is not opened again.
  ///
  /// - Parameter now: the air's time, by which an era is in force.
  /// - Throws: when the interface is not there.
  func followed(by plan: TransmitPlan, now: Ticks) throws(SystemError) -> (
    air: PlannedAir, faults: [TransmitReply.Fault]
  ) {
    var next = PlannedAir()
    next.plan = plan
    next.threads = self.plan == nil ? min(max(plan.threads, 1), 1_024) : threads
    next.way = Way(interface: try NetworkInterface(plan.interface), ttl: plan.ttl, dscp: plan.dscp)
    let before = Dictionary(entries.map { ($0.plan.identity.number, $0) }, uniquingKeysWith: { first, _ in first })
    var open = OpenTapes(entries.lazy.flatMap(\.station.eras).flatMap(\.tapes))
    var opened: [UInt16: Entry] = [:]
    var faults: [TransmitReply.Fault] = []
    for station in plan.stations {
      let number = station.identity.number
      do {
        guard opened[number] == nil else { throw PlanFault(description: "its number is another station's too") }
        let entry = try station.opened(after: before[number], &open, now: now)
        opened[number] = entry
        if let fault = entry.fault { faults.append(fault) }
      } catch {
        let goesOn = opened[number] != nil || before[number].map { $0.begins == nil } ?? false
        faults.append(
          .init(number: number, fault: "\(error)", goesOn: goesOn, paths: (error as? TapeError).map { [$0.path] }))
        if opened[number] == nil { opened[number] = before[number] }
      }
    }
    next.entries = opened.values.sorted { $0.plan.identity.number < $1.plan.identity.number }
    let spread = ThreadSpread.assign(
      weights: next.entries.map(\.station.datagramRate), current: next.entries.map(\.thread), threads: next.threads)
    for (index, thread) in spread.enumerated() { next.entries[index].thread = thread }
    return (next, faults)
  }

  /// What each of the sending threads needs of it: stations that were on the air `before` go on, others begin at `from`.
  func rosters(after before: PlannedAir, from: Ticks) -> [AirRoster<Station>] {
    (0..<threads).map { thread in
      let numbers = before.carried(by: thread).map(\.plan.identity.number)
      let places = Dictionary(zip(numbers, numbers.indices), uniquingKeysWith: { first, _ in first })
      let carried = carried(by: thread)
      let slots = carried.map { entry in
        AirSlot(
          source: entry.station, destination: entry.destination,
          ssrc: entry.plan.encapsulation == .rtp ? entry.plan.ssrc : nil, figures: entry.figures,
          readiness: entry.readiness, predecessor: places[entry.plan.identity.number],
          notBefore: max(from, entry.begins ?? from),
          lead: entry.lead)
      }
      let rate = carried.reduce(0) { $0 + $1.station.datagramRate }
      return AirRoster(slots, grain: Grain(plan?.grain, datagramsPerSecond: rate))
    }
  }

  /// In the order of the thread's slots: stations that play the same tape side by side, so that one finds in the cache what
  /// the other has just read.
  private func carried(by thread: Int) -> [Entry] {
    entries.filter { $0.thread == thread }.sorted { left, right in
      (left.tape, left.plan.identity.number) < (right.tape, right.plan.identity.number)
    }
  }
}

/// Why a station of a plan cannot be on the air.
private struct PlanFault: Error, CustomStringConvertible {
  var description: String
}

extension StationPlan {
  /// Opens the station's tapes and rings, or takes those that are open; `before` is the same station as it is on the air.
  fileprivate func opened(
    after before: PlannedAir.Entry?, _ open: inout OpenTapes, now: Ticks
  ) throws -> PlannedAir.Entry {
    guard let destination = Destination(group: group, port: port) else {
      throw PlanFault(description: "\(group) is no multicast group")
    }
    if var entry = before, entry.fault == nil, entry.plan.eras == eras, entry.plan.identity == identity,
      entry.station.eras.allSatisfy({ $0.ring?.isCurrent ?? true })
    {
      (entry.plan, entry.destination) = (self, destination)
      return entry
    }
    let opened = try PlannedEras(eras, known: before?.station.eras ?? [], &open, now: now)
    guard let station = Station(identity: identity, eras: opened.eras) else {
      throw PlanFault(description: "its eras are not in order")
    }
    return PlannedAir.Entry(
      plan: self, station: station, destination: destination, figures: before?.figures ?? StationFigures(),
      readiness: before?.readiness ?? Readiness(), thread: before?.thread, fault: opened.fault(of: identity.number),
      begins: opened.begins)
  }
}
