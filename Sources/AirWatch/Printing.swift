import FoundationEssentials
import TransportStream

/// A report as JSON, for programs.
package func encoded(_ report: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  return String(decoding: try encoder.encode(report), as: UTF8.self)
}

extension AirReport: CustomStringConvertible {
  /// A table of all stations, then what is wrong with each.
  package var description: String {
    var table = Columns(
      "group", "service", "Mb/s", "datagrams", "lost", "PCR p50", "p99", "max ms", "burst", "silence ms", "PCR gap",
      "PAT", "SDT ms", "verdict")
    for station in stations {
      let stream = station.stream
      table.append(
        "\(station.group):\(station.port)", stream.service ?? "-", fixed(stream.bitrate / 1e6, 3),
        "\(station.datagrams)", station.rtp.map { "\($0.lost)" } ?? "-",
        fixed(station.pace?.error.p50, 3), fixed(station.pace?.error.p99, 3), fixed(station.pace?.error.max, 3),
        "\(station.bursts.largest)", fixed(station.longestSilence, 1), fixed(stream.clock.longestInterval, 1),
        fixed(stream.tables["PAT"]?.longestInterval, 0), fixed(stream.tables["SDT"]?.longestInterval, 0),
        station.faults.isEmpty ? "clean" : "FAULTS")
    }
    var lines = ["\(table)", "largest burst over all stations: \(bursts.largest) datagrams within 100 us"]
    for station in stations where !station.faults.isEmpty {
      lines.append("\(station.group): \(station.faults.joined(separator: ", "))")
      lines += station.stream.first.map { "  \($0)" }
    }
    return lines.joined(separator: "\n")
  }
}

extension StreamReport {
  /// A file's report for people.
  package var summary: String {
    var table = Columns("PID", "type", "packets", "time stamps", "longest step ms", "least margin ms")
    for line in lines {
      table.append(
        "0x\(String(line.pid, radix: 16))", line.type.map { "0x\(String($0, radix: 16))" } ?? "-", "\(line.packets)",
        "\(line.timestamps)", fixed(line.longestStep, 1), fixed(line.leastMargin, 1))
    }
    let tables = ["PAT", "PMT", "SDT"].map { "\($0) \(fixed(self.tables[$0]?.longestInterval, 1))" }
    let head =
      "\(service ?? "no name"): \(packets) packets, \(fixed(seconds, 3)) s, \(fixed(bitrate / 1e6, 3)) Mb/s; longest ms "
      + "between PCRs \(fixed(clock.longestInterval, 1)), \(tables.joined(separator: ", "))"
    let verdict = faults.isEmpty ? "clean" : "FAULTS: \(faults.joined(separator: ", "))"
    return ([head, "\(table)", verdict] + first.map { "  \($0)" }).joined(separator: "\n")
  }
}
