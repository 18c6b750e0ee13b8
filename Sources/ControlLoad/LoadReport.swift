import FoundationEssentials

/// What `controlload` prints.
struct LoadReport: Codable {
  struct Connections: Codable {
    var wanted: Int
    var connected = 0
    /// At the end.
    var alive = 0
    /// How many were welcomed.
    var greeted: Int?
  }

  /// What those did that report.
  struct Reporting: Codable {
    /// How many had joined their stations.
    var joined: Int
    /// Reports sent in all, and by the one that sent the fewest.
    var reports: Int
    var fewest: Int
    /// Seconds between two reports of one of them, as the server would have it at the end.
    var shortestInterval: Int
    var longestInterval: Int
    /// Lines that were errors or made no sense.
    var wrong: Int
  }

  /// Milliseconds from when a request was due to its answer's last byte.
  struct Latency: Codable {
    var p50 = 0.0
    var p99 = 0.0
    var max = 0.0
  }

  var idle: Connections
  var busy: Connections
  /// Those that receive a station and report.
  var reporters: Connections
  var reporting: Reporting?
  /// How long it took to connect them all.
  var connectSeconds = 0.0
  /// How long was asked.
  var seconds: Double
  /// Right answers.
  var answers = 0
  /// Answers that were no list of all stations, or not asked for.
  var wrong = 0
  /// Requests left out because their connection had too many unanswered already.
  var skipped = 0
  /// Distinct answers: each was parsed.
  var parsed = 0
  /// Right answers a second, from the first to the last.
  var rate = 0.0
  var megabytesPerSecond = 0.0
  var latency = Latency()
  /// From before the first connection until after the last answer.
  var air: AirFigures?
  var machine = MachineWatch.Figures()

  mutating func take(_ tally: LoadState.Tally) {
    (answers, wrong, skipped, parsed) = (tally.answers, tally.wrong, tally.skipped, tally.parsed)
    let span = Double(tally.lastAnswer - (tally.firstAnswer ?? tally.lastAnswer)) / 1e9
    if span > 0 {
      rate = Self.round(Double(tally.answers) / span)
      megabytesPerSecond = Self.round(Double(tally.bytes) / span / 1e6)
    }
    let sorted = tally.latencies.sorted()
    guard let last = sorted.last else { return }
    func quantile(_ share: Double) -> Double { Double(sorted[Int(share * Double(sorted.count - 1))]) / 1_000 }
    latency = Latency(p50: quantile(0.5), p99: quantile(0.99), max: Double(last) / 1_000)
  }

  /// Nobody was lost, and every answer was right.
  var isFlawless: Bool {
    wrong == 0 && idle.connected == idle.wanted && idle.alive == idle.wanted && busy.alive == busy.wanted
      && idle.greeted == idle.wanted && answers > 0 && reporters.alive == reporters.wanted
      && reporting.map { $0.joined == reporters.wanted && $0.wrong == 0 && $0.fewest > 0 } ?? true
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  private static func round(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
