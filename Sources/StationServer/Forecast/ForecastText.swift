import FoundationEssentials
import Timetables
import TransportStream

/// Dates as people write and read them on the clocks of a zone, and a forecast in them.
struct ForecastText {
  let zone: TimeZoneRules

  /// "20:15" on the day of `now`, "2026-12-24T20:15[:30]" on the zone's clocks, or with "Z" or an offset ("+01:00") the
  /// moment that it means. Nil when it is none of these.
  func date(_ text: String, now: Ticks) -> Ticks? {
    if let time = TimeOfDay(text) {
      return .seconds(zone.moment(zone.day(at: now.nanoseconds / 1_000_000_000), time.seconds))
    }
    let parts = text.split(whereSeparator: { $0 == "T" || $0 == " " })
    guard parts.count <= 2, let first = parts.first, let day = LocalDate(String(first)) else { return nil }
    guard parts.count == 2 else { return .seconds(zone.start(of: day)) }
    if let time = TimeOfDay(String(parts[1])) { return .seconds(zone.moment(day, time.seconds)) }
    var clock = parts[1]
    var offset = 0
    if clock.hasSuffix("Z") {
      clock.removeLast()
    } else {
      guard let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }),
        let distance = TimeOfDay(String(clock[clock.index(after: sign)...]))
      else { return nil }
      offset = (clock[sign] == "-" ? -1 : 1) * distance.seconds
      clock = clock[..<sign]
    }
    guard let time = TimeOfDay(String(clock)) else { return nil }
    return .seconds(Int64(day.dayNumber) * 86_400 + Int64(time.seconds) - Int64(offset))
  }

  /// "2026-12-24T20:15:00.000+01:00": milliseconds are rounded down.
  func iso8601(_ date: Ticks) -> String {
    let second = date.count.flooredDivision(by: Ticks.perSecond).quotient
    let offset = zone.offset(at: second)
    let distance = String((TimeOfDay(seconds: abs(offset))?.description ?? "00:00").prefix(5))
    return "\(zone.local(second).date)T\(clock(date))\(offset < 0 ? "-" : "+")\(distance)"
  }

  /// "20:15:00.000".
  private func clock(_ date: Ticks) -> String {
    let (second, rest) = date.count.flooredDivision(by: Ticks.perSecond)
    let milliseconds = String(1_000 + rest / (Ticks.perSecond / 1_000)).dropFirst()
    return "\(TimeOfDay(seconds: zone.local(second).seconds)?.description ?? "").\(milliseconds)"
  }

  /// A line for each item, and one for each day.
  func table(_ items: [ForecastItem], _ station: StationConfiguration) -> String {
    var text = "station \(station.number) \"\(station.name)\", \(zone.name)\n"
    var day: LocalDate?
    for item in items {
      let date = zone.local(item.start / Ticks.perSecond).date
      if date != day { text += "\(date.weekday.short.capitalized) \(date)\n" }
      day = date
      let title =
        switch item.kind {
        case .programme: item.title
        case .card: "(the station's card)"
        case .live: "(live)"
        }
      let file = item.file.map { "  \($0)" } ?? ""
      text += "  \(clock(Ticks(item.start)))  \(clock(Ticks(item.end)))  \(title)\(item.isCut ? ", cut" : "")\(file)\n"
    }
    return text
  }

  private struct Report: Encodable {
    struct Item: Encodable {
      var start: String
      var end: String
      var startTicks: Int64
      var endTicks: Int64
      var kind: ForecastItem.Kind
      var title: String
      var file: String?
      var cut: Bool
    }

    var station: Int
    var name: String
    var timeZone: String
    var items: [Item]
  }

  /// One object, for programs.
  func json(_ items: [ForecastItem], _ station: StationConfiguration) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let report = Report(
      station: station.number, name: station.name, timeZone: zone.name,
      items: items.map { item in
        .init(
          start: iso8601(Ticks(item.start)), end: iso8601(Ticks(item.end)), startTicks: item.start, endTicks: item.end,
          kind: item.kind, title: item.title, file: item.file, cut: item.isCut)
      })
    return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
  }
}
