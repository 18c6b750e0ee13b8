import Wire

/// The station list as people read it.
enum StationTable {
  /// One line for each station under a line of headings, aligned.
  ///
  /// - Parameters:
  ///   - receptions: what receivers report, in columns of its own; nil for none.
  ///   - now: seconds since the Unix epoch.
  ///   - columns: the terminal's; titles are cut to fit it. nil for no limit.
  static func lines(
    _ stations: [StationSummary], _ receptions: [ReceptionSummary]? = nil, now: Double, columns: Int?
  ) -> [String] {
    var headings = ["", "Station", "Now", "Left", "Next", "Group", "Rate", "Receivers"]
    var rows = stations.map { row($0, now: now) }
    if let receptions {
      headings += ["By TCP", "Lost", "Repaired", "Jitter", "Delay"]
      let known = Dictionary(receptions.map { ($0.station, $0) }, uniquingKeysWith: { first, _ in first })
      for (index, station) in stations.enumerated() { rows[index] += cells(known[station.number]) }
    }
    rows.insert(headings, at: 0)
    var widths = headings.indices.map { column in rows.map { displayWidth($0[column]) }.max() ?? 0 }
    if let columns { shrink(&widths, to: columns - 2 * (widths.count - 1)) }
    let rightAligned: Set<Int> = [0, 3, 6, 7, 8, 9, 10, 11, 12]
    return rows.map { row in
      let cells = row.indices.map { column in
        padded(fitted(row[column], to: widths[column]), to: widths[column], right: rightAligned.contains(column))
      }
      let line = cells.joined(separator: "  ")
      return String(line.prefix(upTo: line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex))
    }
  }

  /// Jitter and delay are the mean of those that receive multicast.
  private static func cells(_ reception: ReceptionSummary?) -> [String] {
    guard let reception else { return ["", "", "", "", ""] }
    let (sum, overflow) = reception.received.addingReportingOverflow(reception.lost)
    let all = overflow ? .max : sum
    return [
      "\(reception.streams)", QualityText.share(reception.lost, of: all),
      QualityText.share(reception.repaired, of: all),
      reception.reports > reception.streams ? QualityText.milliseconds(reception.jitter) : "",
      reception.delay.map { "\(($0 * 10).rounded() / 10) ms" } ?? "",
    ]
  }

  /// Why a station shows no programme now; nil when it does.
  static func state(of station: StationSummary) -> String? {
    let reason = station.reason.map { ": " + printable($0) } ?? ""
    let progress = station.progress.map { ", \($0) %" } ?? ""
    return switch station.state {
    case .onAir: nil
    case .standby: (station.progress == nil ? "back soon" : "being prepared") + progress + reason
    case .preparing: "being prepared" + progress + reason
    case .offAir: "off the air" + reason
    default: printable(station.state.rawValue) + reason
    }
  }

  private static func row(_ station: StationSummary, now: Double) -> [String] {
    var cells = ["\(station.number)", printable(station.name)]
    if let state = state(of: station) {
      cells += ["(\(state))", "", ""]
    } else {
      cells.append(station.now.map { printable($0.title) } ?? "")
      cells.append(station.now.map { $0.isOpen ? "" : Figures.time(seconds: $0.end - now) } ?? "")
      cells.append(station.next.map { printable($0.title) } ?? "")
    }
    let scheme = station.encapsulation == .rtp ? "" : " \(printable(station.encapsulation.rawValue))"
    cells.append("\(printable(station.group)):\(station.port)\(scheme)")
    cells.append(Figures.rate(bitsPerSecond: station.bitrate))
    cells.append("\(station.receivers)")
    return cells
  }

  /// Takes columns from "Now" and "Next", the longer one first, until the sum fits; neither gets less than eight.
  private static func shrink(_ widths: inout [Int], to columns: Int) {
    while widths.reduce(0, +) > columns {
      let widest = widths[2] >= widths[4] ? 2 : 4
      guard widths[widest] > 8 else { return }
      widths[widest] -= 1
    }
  }
}
