import Wire

/// What `tuner watch` shows, line by line, in whatever room there is.
struct WatchScreen {
  var rows: Int
  var columns: Int
  var grain = Graph.Grain.braille

  /// - Parameters:
  ///   - now: seconds since the Unix epoch.
  ///   - clock: the time of day as it is to be shown.
  func lines(_ model: WatchModel, now: Double, clock: String) -> [StyledLine] {
    guard rows >= 4, columns >= 16 else { return [StyledLine(fitted("too small", to: columns))] }
    let graphRows = rows >= 24 ? 6 : rows >= 18 ? 4 : rows >= 14 ? 2 : 0
    let lossRows = graphRows >= 4 ? 2 : graphRows > 0 ? 1 : 0
    let reception = model.status.map { receptionLines($0, now: now) } ?? [StyledLine("Nothing is playing.", .dim)]
    // Title, list, line, reception, graphs, news, keys.
    let listRoom = max(1, rows - 4 - min(reception.count, max(0, rows - 5)) - graphRows - lossRows)
    let isRoomy = model.stations.count + 1 < listRoom
    var lines = [title(model, clock: clock)]
    if isRoomy { lines.append(StyledLine()) }
    lines += list(model, now: now, room: listRoom - (isRoomy ? 1 : 0))
    while lines.count < 1 + listRoom { lines.append(StyledLine()) }
    if rows >= 5 { lines.append(StyledLine(String(repeating: grain == .ascii ? "-" : "─", count: columns), .dim)) }
    lines += reception.prefix(max(0, rows - lines.count - 2))
    if graphRows > 0 {
      lines += graph(
        model.history.bitrate, rows: graphRows, least: 100_000, style: .coloured(.green), name: "bitrate",
        label: { Figures.rate(bitsPerSecond: Int($0)) })
      lines += graph(
        model.history.lost, rows: lossRows, least: 10, style: .coloured(.red), name: "lost", label: { "\(Int($0))/s" })
    }
    while lines.count < rows - 2 { lines.append(StyledLine()) }
    lines.append(newsLine(model))
    lines.append(keysLine(model))
    return lines.map { line in
      var line = line
      line.cut(to: columns)
      return line
    }
  }

  private func title(_ model: WatchModel, clock: String) -> StyledLine {
    var line = StyledLine(" \(printable(model.site ?? "tuner"))", .bold)
    let right = "\(printable(model.server))\(model.isConnected ? "" : ", away")  \(clock) "
    line.advance(to: max(displayWidth(" tuner "), columns - displayWidth(right)))
    line.add(right)
    line.advance(to: columns)
    line.reverse()
    return line
  }

  // MARK: The stations

  private func list(_ model: WatchModel, now: Double, room: Int) -> [StyledLine] {
    guard !model.stations.isEmpty else {
      return [StyledLine(model.isConnected ? " The server has no stations." : " Waiting for the server …", .dim)]
    }
    let cursor = model.stations.firstIndex { $0.number == model.selected } ?? 0
    // As many lines around the cursor as there are.
    let first = max(0, min(cursor - room / 2, model.stations.count - room))
    let shown = model.stations[first..<min(model.stations.count, first + room)]
    let numberWidth = shown.map { displayWidth("\($0.number)") }.max() ?? 1
    let longest = shown.map { displayWidth(printable($0.name)) }.max() ?? 0
    let nameWidth = min(longest, max(8, columns / 3))
    return shown.map { station in
      var line = row(station, model, now: now, numberWidth, nameWidth)
      if station.number == model.selected {
        line.advance(to: columns)
        line.reverse()
      }
      return line
    }
  }

  private func row(
    _ station: StationSummary, _ model: WatchModel, now: Double, _ numberWidth: Int, _ nameWidth: Int
  ) -> StyledLine {
    let isPlaying = station.number == model.status?.station.number
    let mark = isPlaying ? (grain == .ascii ? ">" : "▶") : station.number == model.wanted ? "…" : " "
    let style = isPlaying ? Style.bold : .plain
    var line = StyledLine(" \(mark) ", .coloured(.green))
    line.add(padded("\(station.number)", to: numberWidth, right: true) + "  ", style)
    line.add(padded(fitted(printable(station.name), to: nameWidth), to: nameWidth) + "  ", style)
    let left = columns - line.width
    guard left > 6 else { return line }
    if let state = StationTable.state(of: station) {
      line.add(fitted(state, to: left), .coloured(.yellow))
      return line
    }
    guard let programme = station.programme(at: now) else { return line }
    let remaining = programme.isOpen ? "live" : Figures.time(seconds: programme.end - now)
    let timeWidth = 8
    // Title and time left; the next title as well where there is room.
    let next = station.next.flatMap { $0.start > programme.start ? printable($0.title) : nil }
    let titleWidth = next == nil || left < 50 ? left - timeWidth - 1 : (left - timeWidth - 3) / 2
    line.add(padded(fitted(printable(programme.title), to: titleWidth), to: titleWidth))
    line.add(padded(remaining, to: timeWidth, right: true), .coloured(.cyan))
    if let next, left >= 50 { line.add("  " + next, .dim) }
    return line
  }

  // MARK: What is received

  private func receptionLines(_ status: SessionStatus, now: Double) -> [StyledLine] {
    var first = StyledLine(" \(status.station.number) \(printable(status.station.name))", .bold)
    if let programme = status.programme(at: now) { first.add(" · \(printable(programme.title))") }
    var second = StyledLine(" ")
    switch status.state {
    case .waiting: second.add("tuning in …", .coloured(.yellow))
    case .silent: second.add("nothing arrives", .coloured(.red))
    case .paused: second.add("paused", .coloured(.yellow))
    case .playing: second.add(Figures.rate(bitsPerSecond: status.bitrate))
    }
    second.add(" · \(Figures.count(status.received, "packet"))")
    second.add(" · ")
    second.add("\(status.lost) lost", status.lost > 0 ? .coloured(.red) : .plain)
    for part in status.quality.map(QualityText.parts) ?? [] { second.add(" · \(part)") }
    if status.dropped > 0 { second.add(" · \(status.dropped) skipped by a slow player", .coloured(.yellow)) }
    second.add(" · \(printable(status.output)) · \(Figures.time(seconds: status.seconds))", .dim)
    if !status.isConnected { second.add(" · server away", .coloured(.yellow)) }
    return [first, second]
  }

  /// A curve with its highest and lowest value beside it.
  private func graph(
    _ values: [Double], rows: Int, least: Double, style: Style, name: String, label: (Double) -> String
  ) -> [StyledLine] {
    let gutter = min(12, columns / 3)
    let room = columns - gutter - 2
    guard room > 0 else { return [] }
    let most = values.suffix(room * Graph.valuesPerColumn).max() ?? 0
    let ceiling = Graph.ceiling(for: most, least: least)
    let curve = Graph.lines(values, ceiling: ceiling, columns: room, rows: rows, grain: grain)
    return curve.indices.map { row in
      let text = row == 0 ? label(ceiling) : row == rows - 1 ? name : ""
      var line = StyledLine(padded(fitted(text, to: gutter), to: gutter, right: true), .dim)
      line.add(grain == .ascii ? " |" : " │", .dim)
      line.add(curve[row], style)
      return line
    }
  }

  // MARK: The bottom

  private func newsLine(_ model: WatchModel) -> StyledLine {
    if !model.typed.isEmpty { return StyledLine(" Station \(model.typed)_", .bold) }
    return StyledLine(" " + printable(model.news))
  }

  private func keysLine(_ model: WatchModel) -> StyledLine {
    var line = StyledLine()
    let arrows = grain == .ascii ? "up/down" : "↑↓"
    for (key, meaning) in [("q", "quit"), (arrows, "choose"), ("Enter", "tune"), ("+ -", "zap"), ("0–9", "number")] {
      line.add(" \(key)", .bold)
      line.add(" \(meaning) ", .dim)
    }
    return line
  }
}

extension StationSummary {
  /// The programme on the air at a date (seconds since the Unix epoch), as far as it is known.
  func programme(at date: Double) -> Programme? {
    if let now, now.isOpen || date < now.end { return now }
    return next.flatMap { date < $0.end ? $0 : nil }
  }
}
