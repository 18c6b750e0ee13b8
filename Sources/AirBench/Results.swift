import AirWatch

/// Everything measured in one go through all senders.
struct Run: Codable {
  /// Cores of the machine busy before anything was started.
  var idle: Double
  var trials: [TrialResult] = []
  var loops: [LoopResult] = []
  /// What was left out, and why.
  var notes: [String] = []

  func trial(_ sender: Sender, _ stations: Int) -> TrialResult? {
    trials.first { $0.sender == sender && $0.stations == stations }
  }

  /// The loop in the shape of stationd's transmitter.
  func matchedLoop(paced: Bool) -> LoopResult? { loops.first { $0.isMatched && ($0.rate != nil) == paced } }
}

/// The machine, and what was measured on it.
struct Bench: Codable {
  var machine: Machine
  /// How long each trial was on the air while measured, seconds.
  var seconds: Double
  var clips: [String]
  var runs: [Run] = []
  /// stationd at different grains.
  var grains: [TrialResult] = []

  /// One trial for each sender and number of stations: of each figure the median of all runs.
  var medians: [TrialResult] {
    var seen: Set<String> = []
    let kinds = runs.flatMap(\.trials).filter { seen.insert("\($0.sender) \($0.stations)").inserted }
    return kinds.compactMap { kind in
      TrialResult.median(of: runs.compactMap { $0.trial(kind.sender, kind.stations) })
    }
  }

  /// Likewise for the bare loops. What stationd's transmitter showed may differ a little from run to run.
  var loopMedians: [LoopResult] {
    let count = runs.map(\.loops.count).min() ?? 0
    return (0..<count).compactMap { place in LoopResult.median(of: runs.map { $0.loops[place] }) }
  }
}

/// The middle one of some values, the mean of the two if there is none; nil of nothing.
func middle(of values: some Sequence<Double>) -> Double? {
  let sorted = values.filter(\.isFinite).sorted()
  guard !sorted.isEmpty else { return nil }
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

extension TrialResult {
  /// Of each figure the median; what was lost is added up.
  static func median(of all: [TrialResult]) -> TrialResult? {
    guard var result = all.first else { return nil }
    func median(_ figure: (TrialResult) -> Double?) -> Double? { middle(of: all.compactMap(figure)) }
    result.user = median(\.user) ?? 0
    result.system = median(\.system) ?? 0
    result.machine = median(\.machine) ?? 0
    result.datagramsPerSecond = median(\.datagramsPerSecond) ?? 0
    result.datagramsPerCall = median(\.datagramsPerCall)
    result.datagramsPerTrain = median(\.datagramsPerTrain)
    result.memory = Int(median { Double($0.memory) } ?? 0)
    result.launch = median(\.launch) ?? 0
    result.heard.error = Spread.median(of: all.compactMap(\.heard.error))
    result.heard.largestBurst = Int(median { Double($0.heard.largestBurst) } ?? 0)
    result.heard.bitrate = median(\.heard.bitrate) ?? 0
    result.heard.datagramsPerSecond = median(\.heard.datagramsPerSecond) ?? 0
    result.heard.lost = all.reduce(0) { $0 + $1.heard.lost }
    result.fault = all.lazy.compactMap(\.fault).first
    return result
  }
}

extension LoopResult {
  static func median(of all: [LoopResult]) -> LoopResult? {
    guard var result = all.first else { return nil }
    result.datagramsPerSecond = middle(of: all.map(\.datagramsPerSecond)) ?? 0
    result.user = middle(of: all.map(\.user)) ?? 0
    result.system = middle(of: all.map(\.system)) ?? 0
    return result
  }
}

extension Spread {
  static func median(of all: [Spread]) -> Spread? {
    guard let p50 = middle(of: all.map(\.p50)), let p99 = middle(of: all.map(\.p99)),
      let p999 = middle(of: all.map(\.p999)), let max = middle(of: all.map(\.max))
    else { return nil }
    return Spread(p50: p50, p99: p99, p999: p999, max: max)
  }
}
