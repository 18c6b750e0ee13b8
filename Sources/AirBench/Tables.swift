import AirWatch

/// A table in Markdown, aligned so that it can be read as it is.
struct MarkdownTable: CustomStringConvertible {
  private var rows: [[String]]

  init(_ heads: [String]) { rows = [heads] }

  mutating func append(_ row: [String]) { rows.append(row) }

  var description: String {
    var lines = Columns.aligned(rows, left: 1)
    let rule = (lines.first ?? []).enumerated().map { index, head in
      String(repeating: "-", count: max(1, head.count - 1)) + (index == 0 ? "-" : ":")
    }
    lines.insert(rule, at: min(1, lines.count))
    return lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
  }
}

extension MarkdownTable {
  /// A row for each trial.
  static func trials(_ trials: [TrialResult]) -> MarkdownTable {
    var table = MarkdownTable([
      "sender", "stations", "user", "system", "% of a core each", "us a datagram", "machine, cores", "PCR p50", "p99",
      "p99.9", "max ms", "burst", "kB each", "on the air, s", "lost",
    ])
    for trial in trials {
      let each = 100 / Double(trial.stations)
      let error = trial.heard.error
      table.append([
        trial.sender.name + (trial.grain.map { ", \($0)" } ?? ""), "\(trial.stations)", fixed(trial.user * each, 4),
        fixed(trial.system * each, 4), fixed(trial.processor * each, 4), fixed(trial.perDatagram, 2),
        fixed(trial.machine, 2), fixed(error?.p50, 3), fixed(error?.p99, 3), fixed(error?.p999, 3),
        fixed(error?.max, 3), "\(trial.heard.largestBurst)", fixed(trial.memoryPerStation / 1000, 1),
        fixed(trial.launch, 3), "\(trial.lost)",
      ])
    }
    return table
  }

  /// A row for each shape of the bare loop.
  static func loops(_ loops: [LoopResult]) -> MarkdownTable {
    var table = MarkdownTable([
      "bare sendmmsg loop", "datagrams a call", "in a train", "datagrams a second", "user", "system", "us a datagram",
    ])
    for loop in loops {
      table.append([
        (loop.isMatched ? "as stationd's transmitter" : "for comparison")
          + (loop.rate == nil ? ", flat out" : ", paced"),
        "\(loop.batch)", "\(loop.train)", fixed(loop.datagramsPerSecond, 0), fixed(loop.user, 3),
        fixed(loop.system, 3), fixed(loop.perDatagram, 3),
      ])
    }
    return table
  }

  static func verdicts(_ verdicts: [Verdict]) -> MarkdownTable {
    var table = MarkdownTable(["what", "measured", "wanted", ""])
    for verdict in verdicts { table.append([verdict.what, verdict.written, verdict.wanted, verdict.mark]) }
    return table
  }
}
