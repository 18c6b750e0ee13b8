import AirWatch

/// A table in Markdown, aligned so that it can be read as it is.
struct MarkdownTable: CustomStringConvertible {
  private var rows: [[String]]

  init(_ heads: [String]) { rows = [heads] }

  mutating func append(_ row: [String]) { rows.append(row) }

  var description: String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ row: [String]) -> String {
      let cells = zip(row, widths).enumerated().map { index, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return index == 0 ? cell.0 + space : space + cell.0
      }
      return "| \(cells.joined(separator: " | ")) |"
    }
    let rule = widths.enumerated().map { index, width in
      String(repeating: "-", count: max(1, width - 1)) + (index == 0 ? "-" : ":")
    }
    let head = rows.prefix(1).map(line) + ["| \(rule.joined(separator: " | ")) |"]
    return (head + rows.dropFirst().map(line)).joined(separator: "\n")
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
        fixed(trial.launch, 3), "\(trial.heard.lost)",
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
