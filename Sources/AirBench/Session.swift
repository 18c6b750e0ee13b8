import AirWatch
import LinuxIO

/// Which senders are measured, and with how many stations.
struct Plan {
  var counts: [(sender: Sender, stations: [Int])]
  /// Of the bare loop.
  var loopSeconds: Double

  static let full = Plan(
    counts: [
      (.stationd, [1, 50, 200, 1000]), (.multicat, [1, 50, 100, 200]), (.multicatRealTime, [50]),
      (.ffmpeg, [1, 20, 50, 100]), (.ffmpegConstant, [1, 20, 50, 100]),
    ], loopSeconds: 3)
  static let quick = Plan(
    counts: [
      (.stationd, [1, 50]), (.multicat, [1, 50]), (.multicatRealTime, [50]), (.ffmpeg, [1, 20]),
      (.ffmpegConstant, [1, 20]),
    ], loopSeconds: 1)
}

/// Goes through the senders, one after the other.
struct Session: ~Copyable {
  static let grains = ["0.05ms", "0.2ms", "1ms", "2ms", "4ms", "8ms", "20ms"]
  /// Of the machine's cores; beyond it a sender is not given more stations.
  private static let bearable = 0.85

  let trial: Trial
  let plan: Plan

  /// Has stationd make tapes of all clips, if it has not yet.
  func makeTapes() throws {
    let count = trial.clips.films.count
    let launch = try Launch(stations: count, trial.lab)
    let stationd = try Stationd(
      programs: trial.programs, directory: trial.directory, count: count, clips: trial.clips)
    defer { stationd.end() }
    _ = try launch.wait(from: WallClock.now, seconds: 600, stationd, trial.stop)
  }

  func run() throws -> Run {
    let before = MachineTime()
    try trial.stop.sleep(seconds: 1)
    var run = Run(idle: MachineTime().cores(since: before))
    if run.idle > 0.2 {
      say("   The machine is busy with other things (\(fixed(run.idle, 2)) cores): the figures will be worth little.")
    }
    for (sender, counts) in plan.counts {
      try grow(sender, counts, &run)
      guard sender == .stationd else { continue }
      run.loops = try matchedLoops(beside: run.trials) + loops()
    }
    run.loops += try matchedLoops(beside: run.trials)
    return run
  }

  /// stationd with a grain set.
  func grains(_ grains: [String], stations: Int) throws -> [TrialResult] {
    try grains.map { grain in
      let result = try trial.run(.stationd, stations: stations, grain: grain)
      say("   \(result.line)")
      return result
    }
  }

  /// A sender with more and more stations, as long as the machine bears it.
  private func grow(_ sender: Sender, _ counts: [Int], _ run: inout Run) throws {
    let cores = Double(MachineTime.cores)
    for (count, next) in zip(counts, counts.dropFirst().map(Optional.some) + [nil]) {
      let result = try trial.run(sender, stations: count)
      say("   \(result.line)")
      if let fault = result.fault { run.notes.append("\(sender.name), \(count) stations: \(fault).") }
      run.trials.append(result)
      guard let next else { return }
      let expected = result.processor * Double(next) / Double(count)
      if sender != .stationd, expected > Self.bearable * cores {
        let bearable = "\(fixed(Self.bearable * cores, 1)) of \(MachineTime.cores) cores"
        run.notes.append("\(sender.name): no more than \(count) stations, as \(next) would take more than \(bearable).")
        return
      }
      if Double(result.memory) * Double(next) / Double(count) > 0.8 * Double(Proc.availableMemory) {
        run.notes.append("\(sender.name): no more than \(count) stations, as memory would run out.")
        return
      }
    }
  }

  private var bareLoop: BareLoop { BareLoop(program: "\(trial.programs)/bareloop", stop: trial.stop) }

  /// The bare loop in the shape of stationd's transmitter with the most stations: directly after that, and once more at the
  /// end of the run.
  private func matchedLoops(beside trials: [TrialResult]) throws -> [LoopResult] {
    guard let most = trials.filter({ $0.sender == .stationd }).max(by: { $0.stations < $1.stations }),
      let call = most.datagramsPerCall, let train = most.datagramsPerTrain
    else {
      say("   The transmitter does not tell its calls and trains: no bare loop in its shape.")
      return []
    }
    let (batch, length) = (max(1, Int(call.rounded())), max(1, Int(train.rounded())))
    return try [nil, most.datagramsPerSecond].map { rate in
      var result = try bareLoop.run(batch: batch, train: length, seconds: plan.loopSeconds, rate: rate)
      result.isMatched = true
      say("   \(result.line)")
      return result
    }
  }

  /// The bare loop in shapes for comparison.
  private func loops() throws -> [LoopResult] {
    try [1, 2, 4, 8].map { train in
      let result = try bareLoop.run(batch: 256, train: train, seconds: plan.loopSeconds / 3)
      say("   \(result.line)")
      return result
    }
  }
}

extension TrialResult {
  /// For a person who waits.
  var line: String {
    let shape = datagramsPerCall.map { call in
      ", \(fixed(call, 1)) datagrams a call, \(fixed(datagramsPerTrain, 2)) in a train"
    }
    return "\(sender.name)\(grain.map { " \($0)" } ?? "") x \(stations): \(fixed(processor, 3)) cores, "
      + "\(fixed(perDatagram, 2)) us a datagram, p99 \(fixed(heard.error?.p99, 3)) ms, burst \(heard.largestBurst), "
      + "\(fixed(memoryPerStation / 1000, 1)) kB each, on the air after \(fixed(launch, 2)) s, \(lost) lost"
      + (shape ?? "") + (fault.map { "; \($0)" } ?? "")
  }
}

extension LoopResult {
  var line: String {
    "bare loop, \(batch) a call, \(train) in a train, \(rate.map { "\(fixed($0, 0)) a second" } ?? "flat out"): "
      + "\(fixed(perDatagram, 3)) us a datagram (\(fixed(datagramsPerSecond, 0)) a second)"
  }
}
