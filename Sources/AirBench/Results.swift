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

  /// Likewise, if nothing went wrong: the figures of a sender that died or was not heard are none.
  func soundTrial(_ sender: Sender, _ stations: Int) -> TrialResult? {
    trial(sender, stations).flatMap { $0.fault == nil ? $0 : nil }
  }

  /// The loop in the shape of stationd's transmitter: the mean of all that ran, as the machine's speed drifts meanwhile.
  func matchedLoop(paced: Bool) -> LoopResult? {
    LoopResult.mean(of: loops.filter { $0.isMatched && ($0.rate != nil) == paced })
  }
}

/// The machine, and what was measured on it.
struct Bench: Codable {
  var machine: Machine
  /// How long each trial was on the air while measured, seconds.
  var seconds: Double
  /// Whether it was a short one, without a thousand stations.
  var isQuick = false
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

  /// Likewise for the bare loops: of each shape for comparison, and of those in the shape of stationd's transmitter, which may
  /// differ a little from run to run.
  var loopMedians: [LoopResult] {
    var seen: Set<String> = []
    let kinds = runs.flatMap(\.loops).map(\.kind).filter { seen.insert($0).inserted }
    return kinds.compactMap { kind in
      LoopResult.median(of: runs.compactMap { run in LoopResult.mean(of: run.loops.filter { $0.kind == kind }) })
    }
  }

  var verdicts: [Verdict] { Verdict.all(of: runs, thousand: !isQuick) }
}

/// The middle one of some values, the mean of the two if there is none; nil of nothing.
func middle(of values: some Sequence<Double>) -> Double? {
  let sorted = values.filter(\.isFinite).sorted()
  guard !sorted.isEmpty else { return nil }
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

extension TrialResult {
  /// Of each figure the median; what was lost and the PCRs measured are added up, of the stations heard the fewest count.
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
    result.heard.clocks = all.reduce(0) { $0 + $1.heard.clocks }
    result.heard.stations = all.map(\.heard.stations).min() ?? 0
    result.unsent = all.contains { $0.unsent != nil } ? all.reduce(0) { $0 + ($1.unsent ?? 0) } : nil
    result.fault = all.lazy.compactMap(\.fault).first
    return result
  }
}

extension LoopResult {
  /// Loops of the same kind are compared from run to run, whatever batch and train the transmitter showed.
  fileprivate var kind: String {
    isMatched ? "matched, \(rate == nil ? "flat out" : "paced")" : "\(batch) \(train) \(rate ?? 0)"
  }

  /// Of each figure the median, batch and train to the nearest whole.
  static func median(of all: [LoopResult]) -> LoopResult? { combined(all) { middle(of: $0) } }

  /// Of each figure the mean.
  static func mean(of all: [LoopResult]) -> LoopResult? {
    combined(all) { $0.isEmpty ? nil : $0.reduce(0, +) / Double($0.count) }
  }

  private static func combined(_ all: [LoopResult], by combine: ([Double]) -> Double?) -> LoopResult? {
    guard let first = all.first else { return nil }
    func figure(_ figure: (LoopResult) -> Double) -> Double { combine(all.map(figure)) ?? 0 }
    return LoopResult(
      batch: Int(figure { Double($0.batch) }.rounded()), train: Int(figure { Double($0.train) }.rounded()),
      rate: combine(all.compactMap(\.rate)), datagramsPerSecond: figure(\.datagramsPerSecond), user: figure(\.user),
      system: figure(\.system), isMatched: first.isMatched)
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
