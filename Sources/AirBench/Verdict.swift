import AirWatch

/// A figure that has a bound.
struct Verdict: Codable, Equatable {
  let what: String
  /// The median of all runs' values; nil, and a miss, when a run has none.
  let value: Double?
  let bound: Double
  /// How both are written.
  let unit: String
  let digits: Int
  /// "worst" where it is not the median.
  var isWorst = false

  var isMet: Bool { value.map { $0 <= bound } ?? false }
  var mark: String { isMet ? "pass" : "MISS" }
  var written: String { value.map { "\(fixed($0, digits))\(unit)" } ?? "-" }
  var wanted: String { "at most \(fixed(bound, digits))\(unit)" }
}

extension Verdict {
  /// What must hold; a ratio is formed in each run, of figures of that run.
  ///
  /// - Parameter thousand: whether that many stations were to be measured.
  static func all(of runs: [Run], thousand: Bool = true) -> [Verdict] {
    (thousand ? withThousand(runs) : []) + besideOthers(runs)
  }

  private static func verdict(
    _ runs: [Run], _ what: String, _ bound: Double, _ unit: String = "", _ digits: Int = 2, worst: Bool = false,
    _ value: (Run) -> Double?
  ) -> Verdict {
    let values = runs.compactMap(value).filter(\.isFinite)
    let whole = values.count == runs.count ? (worst ? values.max() : middle(of: values)) : nil
    return Verdict(what: what, value: whole, bound: bound, unit: unit, digits: digits, isWorst: worst)
  }

  private static func withThousand(_ runs: [Run]) -> [Verdict] {
    func thousand(
      _ what: String, _ bound: Double, _ unit: String, _ digits: Int, worst: Bool = false,
      _ figure: (TrialResult) -> Double?
    ) -> Verdict {
      verdict(runs, "1,000 stations: \(what)", bound, unit, digits, worst: worst) { run in
        run.soundTrial(.stationd, 1000).flatMap(figure)
      }
    }
    return [
      thousand("processor, cores in all", 0.6, "", 3, \.processor),
      thousand("PCR arrival error p99", 5, " ms", 2, \.heard.error?.p99),
      thousand("datagrams lost, left out or refused, all runs", 0, "", 0, worst: true) { trial in
        trial.unsent.map { Double(trial.heard.lost + $0) }
      },
      thousand("from launch to all on the air, warm tapes", 2, " s", 2, \.launch),
      thousand("memory for each", 150, " kB", 1) { $0.memoryPerStation / 1000 },
    ]
  }

  private static func besideOthers(_ runs: [Run]) -> [Verdict] {
    func ratio(_ figure: @escaping (TrialResult) -> Double?) -> (Run) -> Double? {
      { run in
        guard let ours = run.soundTrial(.stationd, 50).flatMap(figure),
          let theirs = run.soundTrial(.multicat, 50).flatMap(figure), theirs > 0
        else { return nil }
        return ours / theirs
      }
    }
    func floor(_ pace: String, paced: Bool) -> Verdict {
      verdict(runs, "CPU per datagram : the bare loop's at the same batch and GSO size, \(pace)", 1.3) { run in
        guard let most = run.trials.filter({ $0.sender == .stationd }).max(by: { $0.stations < $1.stations }),
          most.fault == nil, let loop = run.matchedLoop(paced: paced), loop.perDatagram > 0
        else { return nil }
        return most.perDatagram / loop.perDatagram
      }
    }
    return [
      verdict(runs, "50 stations: p99 : multicat's", 1, "", 2, ratio(\.heard.error?.p99)),
      verdict(runs, "50 stations: processor : multicat's", 1.0 / 3, "", 3, ratio(\.processor)),
      floor("at the same pace", paced: true), floor("flat out", paced: false),
    ]
  }
}
