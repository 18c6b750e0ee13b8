import AirWatch

/// A figure that has a bound.
struct Verdict: Codable, Equatable {
  let what: String
  /// The median of all runs' values.
  let value: Double
  let bound: Double
  /// How both are written.
  let unit: String
  let digits: Int
  /// "worst" where it is not the median.
  var isWorst = false

  var isMet: Bool { value <= bound }
  var mark: String { isMet ? "pass" : "MISS" }
  var written: String { "\(fixed(value, digits))\(unit)" }
  var wanted: String { "at most \(fixed(bound, digits))\(unit)" }
}

extension Verdict {
  /// What must hold; a ratio is formed in each run, of figures of that run.
  static func all(of runs: [Run]) -> [Verdict] {
    func verdict(
      _ what: String, _ bound: Double, _ unit: String = "", _ digits: Int = 2, worst: Bool = false,
      _ value: (Run) -> Double?
    ) -> Verdict? {
      let values = runs.compactMap(value)
      return (worst ? values.max() : middle(of: values)).map {
        Verdict(what: what, value: $0, bound: bound, unit: unit, digits: digits, isWorst: worst)
      }
    }
    func thousand(_ figure: @escaping (TrialResult) -> Double?) -> (Run) -> Double? {
      { run in run.trial(.stationd, 1000).flatMap(figure) }
    }
    func ratio(_ sender: Sender, _ figure: @escaping (TrialResult) -> Double?) -> (Run) -> Double? {
      { run in
        guard let ours = run.trial(.stationd, 50).flatMap(figure), let theirs = run.trial(sender, 50).flatMap(figure),
          theirs > 0
        else { return nil }
        return ours / theirs
      }
    }
    func floor(paced: Bool) -> (Run) -> Double? {
      { run in
        guard let most = run.trials.filter({ $0.sender == .stationd }).max(by: { $0.stations < $1.stations }),
          let loop = run.matchedLoop(paced: paced), loop.perDatagram > 0
        else { return nil }
        return most.perDatagram / loop.perDatagram
      }
    }
    return [
      verdict("1,000 stations: processor, cores in all", 0.6, "", 3, thousand(\.processor)),
      verdict("1,000 stations: PCR arrival error p99", 5, " ms", 2, thousand(\.heard.error?.p99)),
      verdict("1,000 stations: datagrams lost, all runs", 0, "", 0, worst: true, thousand { Double($0.heard.lost) }),
      verdict("1,000 stations: from launch to all on the air, warm tapes", 2, " s", 2, thousand(\.launch)),
      verdict("1,000 stations: memory for each", 150, " kB", 1, thousand { $0.memoryPerStation / 1000 }),
      verdict("50 stations: p99 : multicat's", 1, "", 2, ratio(.multicat, \.heard.error?.p99)),
      verdict("50 stations: processor : multicat's", 1.0 / 3, "", 3, ratio(.multicat, \.processor)),
      verdict("Processor per datagram : bare loop's, same batch and train, same pace", 1.3, "", 2, floor(paced: true)),
      verdict("Processor per datagram : bare loop's, same batch and train, flat out", 1.3, "", 2, floor(paced: false)),
    ].compactMap(\.self)
  }
}
