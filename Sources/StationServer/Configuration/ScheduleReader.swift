import Timetables

extension ConfigurationReader {
  /// The object "schedule": { "timeZone": "Europe/Berlin", "programmes": [ ... ], "fillers": [ ... ] }.
  func schedule(_ source: inout ObjectReader) -> Schedule? {
    var keys = source.object("schedule")
    defer { keys.reportUnknownKeys() }
    let zone = zone(&keys)
    var entries: [(entry: Timetable.Entry, rotation: Rotation)] = []
    let path = keys.path(of: "programmes")
    switch keys.value("programmes") {
    case .array(let programmes) where !programmes.isEmpty:
      for (index, value) in programmes.enumerated() {
        var keys = ObjectReader(value, path: "\(path)[\(index)]", problems: problems)
        if let entry = entry(&keys) { entries.append(entry) }
        keys.reportUnknownKeys()
      }
    default:
      problems.add(path, "should be a list of programmes, such as [ { \"at\": \"20:15\", \"file\": \"one.mp4\" } ]")
    }
    let fillers = fillers(&keys)
    guard let zone else { return nil }
    return Schedule(
      timetable: Timetable(zone: zone, entries: entries.map(\.entry), fillerShuffle: fillers.shuffle),
      programmes: entries.map(\.rotation), fillers: fillers)
  }

  private func zone(_ keys: inout ObjectReader) -> TimeZoneRules? {
    if keys.value("timeZone") == nil {
      keys.missing("timeZone", "it is the one whose clocks the programmes go by, such as \"Europe/Berlin\" or \"UTC\"")
    }
    var rules: TimeZoneRules?
    _ = keys.string("timeZone", "a time zone's name") { name in
      do throws(ZoneFiles.Unknown) {
        rules = try ZoneFiles.rules(name)
        return nil
      } catch {
        return error.reason
      }
    }
    return rules
  }

  /// One programme: when, and what.
  private func entry(_ keys: inout ObjectReader) -> (entry: Timetable.Entry, rotation: Rotation)? {
    if keys.value("at") == nil { keys.missing("at", "give the time at which it begins, such as \"20:15\"") }
    let at = keys.string("at", "a time of day") { text in
      TimeOfDay(text) == nil ? "is not a time from \"00:00\" to \"24:00\", such as \"20:15\" or \"20:15:30\"" : nil
    }
    let start = keys.string("start", "a way to begin") { text in
      Timetable.Start(rawValue: text) == nil
        ? "is neither \"sharp\" (cuts what is on) nor \"afterwards\" (waits for its end)" : nil
    }
    let days = days(&keys)
    let rotation = media(&keys)
    guard let at = at.flatMap({ TimeOfDay($0) }), let days, let rotation else { return nil }
    return (
      Timetable.Entry(
        at: at, days: days, start: start.flatMap(Timetable.Start.init(rawValue:)) ?? .sharp, shuffle: rotation.shuffle),
      rotation
    )
  }

  /// "file" and perhaps "title", or "files" and perhaps "shuffle".
  private func media(_ keys: inout ObjectReader) -> Rotation? {
    switch (keys.value("file"), keys.value("files")) {
    case (nil, nil):
      keys.missing("file", "name a media file, a directory or a playlist, or several with \"files\"")
      return nil
    case (.some, .some):
      problems.add(keys.path(of: "files"), "stands beside \"file\": write one of them")
      return nil
    case (nil, .some): return rotation(&keys)
    case (.some, nil):
      let shuffle = shuffle(&keys)
      let title = keys.string("title", "a title") { $0.isEmpty ? "is empty: leave it out or give one" : nil }
      guard let file = keys.string("file", "the path of a media file") else { return nil }
      return Rotation(item(file, title: title, path: keys.path(of: "file")).map { [$0] } ?? [], shuffle: shuffle)
    }
  }

  /// What is between the programmes: a list, or { "files": [ ... ], "shuffle": 7 }; none shows the card.
  private func fillers(_ keys: inout ObjectReader) -> Rotation {
    switch keys.value("fillers") {
    case nil: return Rotation([Rotation.Item]())
    case .array(let values): return Rotation(items(values, path: keys.path(of: "fillers")))
    default:
      var fillers = keys.object("fillers")
      defer { fillers.reportUnknownKeys() }
      return rotation(&fillers)
    }
  }

  /// "days" or "date"; without either it is daily.
  private func days(_ keys: inout ObjectReader) -> Timetable.Days? {
    let days = keys.value("days")
    guard keys.value("date") != nil else { return days.map { weekdays($0, path: keys.path(of: "days")) } ?? .daily }
    if days != nil { problems.add(keys.path(of: "days"), "stands beside \"date\": write one of them") }
    var found: Timetable.Days?
    _ = keys.string("date", "a day") { text in
      found = Self.date(text)
      return found == nil ? "is not a day such as \"2026-12-24\", or \"12-24\" for every year" : nil
    }
    return found
  }

  /// "2026-12-24", or "12-24" for each year.
  static func date(_ text: String) -> Timetable.Days? {
    if let date = LocalDate(text) { return .date(date) }
    // A leap year has all days that there are.
    guard let day = LocalDate("2000-\(text)") else { return nil }
    return .yearly(month: day.civil.month, day: day.civil.day)
  }

  /// "daily", "sat", "mon-fri", or a list of such.
  private func weekdays(_ value: JSONValue, path: String) -> Timetable.Days? {
    let texts: [String?] =
      switch value {
      case .string(let text): [text]
      case .array(let values): values.map { if case .string(let text) = $0 { text } else { nil } }
      default: []
      }
    let sets = texts.map { $0.flatMap(Self.weekdays) }
    guard !sets.isEmpty, !sets.contains(nil) else {
      let known = "\"daily\", \"sat\", \"mon-fri\" or a list such as [\"mon\", \"wed-fri\"]"
      problems.add(path, "\(value.shown) does not name days of the week: write \(known)")
      return nil
    }
    let days = sets.reduce(into: Set<Weekday>()) { $0.formUnion($1 ?? []) }
    return days.count == Weekday.allCases.count ? .daily : .weekdays(days)
  }

  /// "daily", a day, or a range of them, which may go over the week's end. Nil when it is none of these.
  static func weekdays(_ text: String) -> Set<Weekday>? {
    if text.lowercased() == "daily" { return Set(Weekday.allCases) }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Weekday(String($0)) }
    guard 1...2 ~= ends.count, let first = ends.first ?? nil, let last = ends.last ?? nil else { return nil }
    let length = (last.rawValue - first.rawValue + 7) % 7
    return Set((0...length).compactMap { Weekday(rawValue: (first.rawValue + $0) % 7) })
  }
}
