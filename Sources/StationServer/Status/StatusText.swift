/// A status as people read it.
enum StatusText {
  /// - Parameter limit: of the receivers that are listed.
  static func lines(_ status: StationdStatus, receivers limit: Int) -> [String] {
    var lines = [
      "stationd \(status.version)  \(status.site), \(status.configuration)",
      "process \(status.pid) since \(time(status.seconds)); control at \(status.control), "
        + "\(status.connections) of \(status.connectionLimit) connections",
      streams(status.streams), transmitter(status.transmitter), "",
    ]
    lines += table(
      [
        ["", "Station", "State", "Sent", "Late", "Left out", "Failed", "Rate"]
          + ["Receivers", "Lost", "Repaired", "Jitter", "Delay"]
      ] + status.stations.map(row), left: [1, 2])
    lines += status.stations.compactMap { station in
      (station.air?.fault ?? station.reason).map { "station \(station.number): \($0)" }
    }
    guard status.receiverCount > 0 else { return lines + ["", "Nobody receives."] }
    let shown = status.receivers.prefix(limit)
    let worst = shown.count < status.receiverCount ? ", the \(shown.count) worst" : ""
    lines += ["", "\(status.receiverCount) receiver\(status.receiverCount == 1 ? "" : "s")\(worst):"]
    lines += table(
      [
        ["Address", "Station", "Path", "Received", "Lost", "Now", "Repaired", "Now", "Late", "Jitter", "DF"]
          + ["Delay", "Buffer", "Report", "Client"]
      ] + shown.map(row), left: [0, 2, 14])
    return lines
  }

  private static func streams(_ streams: StreamFigures) -> String {
    let repairs = streams.repairBytes
    let amount = repairs < 10_000_000 ? "\((repairs + 500) / 1_000) kB" : "\((repairs + 500_000) / 1_000_000) MB"
    return "streams: \(streams.connections) connection\(streams.connections == 1 ? "" : "s"), "
      + "\(streams.following) following, \(rate(streams.bitrate)), \(amount) of repairs so far"
  }

  private static func transmitter(_ transmitter: TransmitFigures.Process?) -> String {
    guard let transmitter else { return "the transmitter does not answer" }
    var text = "transmitter: \(transmitter.residentBytes >> 20) MiB, "
    text += transmitter.realTime ? "real-time priority" : "no real-time priority"
    if let calls = transmitter.calls, let datagrams = transmitter.datagrams, calls > 0 {
      text += ", \(datagrams) datagrams in \(calls) calls"
    }
    return text
  }

  private static func row(_ station: StationdStatus.Station) -> [String] {
    let air = station.air.map { ["\($0.sent)", "\($0.late)", "\($0.skipped)", "\($0.errors)", rate($0.bitrate)] }
    var cells = ["\(station.number)", station.name, station.state.rawValue]
    cells += air ?? ["", "", "", "", ""]
    cells.append("\(station.receivers)")
    guard let reception = station.reception else { return cells + ["", "", "", ""] }
    let all = reception.received + reception.lost
    return cells + [
      share(reception.lost, of: all), share(reception.repaired, of: all),
      reception.reports > reception.streams ? milliseconds(reception.jitter) : "",
      reception.delay.map { "\($0) ms" } ?? "",
    ]
  }

  private static func row(_ receiver: ReceiverStatus) -> [String] {
    let quality = receiver.quality
    var cells = [receiver.address, "\(receiver.station)", quality?.path.rawValue ?? ""]
    guard let age = receiver.age else {
      return cells + [String](repeating: "", count: 10) + ["never", receiver.client ?? ""]
    }
    cells += ["\(receiver.received)", "\(receiver.lost)", percent(receiver.recentlyLost)]
    cells += [quality.map { "\($0.repaired)" } ?? "", quality == nil ? "" : percent(receiver.recentlyRepaired)]
    cells += [quality.map { "\($0.late)" } ?? ""]
    cells +=
      quality.flatMap { $0.path == .multicast ? $0 : nil }.map {
        [milliseconds($0.jitter), milliseconds($0.delayFactor)]
      } ?? ["", ""]
    cells += [quality?.delay.map { "\($0) ms" } ?? "", quality?.buffer.map { "\($0) ms" } ?? ""]
    return cells + ["\(Int(age)) s ago", receiver.client ?? ""]
  }

  /// Aligned in columns; those in `left` to the left.
  private static func table(_ rows: [[String]], left: Set<Int>) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let fill = String(repeating: " ", count: widths[column] - cell.count)
        line += (column == 0 ? "" : "  ") + (left.contains(column) ? cell + fill : fill + cell)
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// "0 %", "0.02 %", "< 0.01 %".
  private static func share(_ part: UInt64, of whole: UInt64) -> String {
    guard part > 0, whole > 0 else { return "0 %" }
    let hundredths = Int((Double(part) / Double(whole) * 10_000).rounded())
    return hundredths == 0 ? "< 0.01 %" : "\(Double(hundredths) / 100) %"
  }

  private static func percent(_ percent: Double) -> String { percent == 0 ? "0 %" : "\(percent) %" }

  /// "0.31 ms", from microseconds.
  private static func milliseconds(_ microseconds: Int) -> String {
    "\(Double((microseconds + 5) / 10) / 100) ms"
  }

  private static func rate(_ bitsPerSecond: Int) -> String {
    bitsPerSecond < 1_000_000
      ? "\((bitsPerSecond + 500) / 1_000) kb/s" : "\(Double((bitsPerSecond + 50_000) / 100_000) / 10) Mb/s"
  }

  private static func time(_ seconds: Double) -> String {
    let total = Int(seconds)
    let (days, hours, minutes) = (total / 86_400, total / 3_600 % 24, total / 60 % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    return hours > 0 ? "\(hours) h \(minutes) min" : "\(minutes) min \(total % 60) s"
  }
}
