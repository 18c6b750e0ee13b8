import AirWatch
import FoundationEssentials
import LinuxIO

/// One sender with so many stations, measured once.
struct TrialResult: Codable {
  let sender: Sender
  let stations: Int
  /// "transmit.grain" where it was set.
  var grain: String?
  /// Shares of one core, all processes of the sender together.
  var user: Double
  var system: Double
  /// Cores of the machine busy meanwhile, with everything.
  var machine: Double
  /// Datagrams a second, all stations together.
  var datagramsPerSecond: Double
  /// Of its system calls and its trains, on average; nil when it does not count them.
  var datagramsPerCall: Double?
  var datagramsPerTrain: Double?
  /// Bytes, all processes of the sender together.
  var memory: Int
  /// Seconds from the first process's start to the first datagram of the last station.
  var launch: Double
  var heard: Heard
  /// Datagrams of all stations that the sender left out or the network refused; nil when it does not count them.
  var unsent: Int?
  /// What went wrong, if something did.
  var fault: String?

  var processor: Double { user + system }
  /// Microseconds of processor time for each datagram.
  var perDatagram: Double { processor / max(datagramsPerSecond, 1) * 1e6 }
  /// What is known to have been lost: on the way to the stations listened to, and on the way out of all.
  var lost: Int { heard.lost + (unsent ?? 0) }
  var memoryPerStation: Double { Double(memory) / Double(stations) }
}

/// Measures a sender: launch, two seconds to settle, and then so many on the air.
struct Trial: ~Copyable {
  let lab: Lab
  let stop: Stop
  let clips: Clips
  /// Of the built programs.
  let programs: String
  /// For configuration, tapes, logs.
  let directory: String
  /// How long each is measured.
  let seconds: Double

  func run(_ sender: Sender, stations: Int, grain: String? = nil) throws -> TrialResult {
    let launch = try Launch(stations: stations, lab)
    let start = WallClock.now
    let air: any Air =
      sender == .stationd
      ? try Stationd(programs: programs, directory: directory, count: stations, clips: clips, grain: grain)
      : try Fleet(sender, count: stations, clips: clips, log: "\(directory)/\(sender.rawValue).log")
    defer { air.end() }
    let launched = try launch.wait(from: start, seconds: 40, air, stop)
    try stop.sleep(seconds: 2)
    return try measure(air, sender, stations: stations, launch: launched, grain: grain)
  }

  private func measure(
    _ air: any Air, _ sender: Sender, stations: Int, launch: Double, grain: String?
  ) throws -> TrialResult {
    let encapsulation: Encapsulation = sender == .stationd ? .rtp : .udp
    let processes = air.processes
    let countsBefore = air.counts()
    let reception = try Reception(stations: stations, encapsulation: encapsulation, seconds: seconds, lab)
    let (before, machineBefore) = (ProcessorTime(of: processes), MachineTime())
    try stop.sleep(seconds: seconds)
    let end = WallClock.now
    let (after, machineAfter) = (ProcessorTime(of: processes), MachineTime())
    let counts = air.counts()
    let heard = try reception.heard(until: end)
    let load = after.load(since: before)
    var result = TrialResult(
      sender: sender, stations: stations, grain: grain, user: load.user, system: load.system,
      machine: machineAfter.cores(since: machineBefore),
      datagramsPerSecond: heard.datagramsPerSecond * Double(stations), memory: Proc.memory(of: processes),
      launch: launch, heard: heard, fault: air.fault ?? heard.fault(of: stations))
    if let counts, let countsBefore {
      result.take(counts, since: countsBefore)
    } else if sender == .stationd, result.fault == nil {
      result.fault = "stationd's transmitter does not tell its counts"
    }
    return result
  }
}

extension TrialResult {
  /// What the sender itself counted between two dates.
  mutating func take(_ counts: SenderCounts, since before: SenderCounts) {
    let datagrams = Double(counts.datagrams - before.datagrams)
    datagramsPerSecond = datagrams / (Double(max(1, counts.date - before.date)) / 1e9)
    if let skipped = counts.unsent, let earlier = before.unsent { unsent = skipped - earlier }
    if let calls = counts.calls, let earlier = before.calls, calls > earlier {
      datagramsPerCall = datagrams / Double(calls - earlier)
    }
    if let trains = counts.trains, let earlier = before.trains, trains > earlier {
      datagramsPerTrain = datagrams / Double(trains - earlier)
    }
  }
}
