import Timetables

/// Times and durations as people type them. Dates are in seconds since the Unix epoch.
enum SpokenTime {
  /// A date that is past: a time of day, the last one that has been; a day and a time; or how long ago, with or without a
  /// minus: -10m, 1h30m, 90s.
  ///
  /// Of a time that came twice, when the clocks were put back, the later one that has been is meant; one that never was,
  /// when they were put forward, means the moment of the change.
  static func past(_ text: String, now: Double, clock: LocalClock) throws(TunerError) -> Double {
    if let seconds = ago(text) { return now - seconds }
    guard let (day, time) = parse(text) else {
      throw TunerError(
        .usage,
        "\"\(printable(text))\" is no time to start from. 20:15, 2026-11-22T20:15, -10m or -1h30m would be right.")
    }
    if case .utc(let moment) = time { return try past(moment, text, now: now) }
    guard case .local(let seconds) = time else { return now }
    let limit = Int64(now)
    if let day {
      let (first, second) = moments(day, seconds, clock.zone)
      return try past(second.flatMap { $0 <= limit ? $0 : nil } ?? first, text, now: now)
    }
    var date = clock.zone.local(limit).date
    while true {
      let (first, second) = moments(date, seconds, clock.zone)
      if let second, second <= limit { return Double(second) }
      if first <= limit { return Double(first) }
      date = date.advanced(by: -1)
    }
  }

  /// How long ago, in seconds: -10m, 1h30m, 90s; nil for anything else.
  static func ago(_ text: String) -> Double? { duration(text.hasPrefix("-") ? text.dropFirst() : text[...]) }

  /// A date that comes after another one: a time of day, the next one; or a day and a time.
  static func next(_ text: String, after start: Double, clock: LocalClock) throws(TunerError) -> Double {
    guard let (day, time) = parse(text) else {
      throw TunerError(
        .usage, "\"\(printable(text))\" is no time to record until. 21:45 or 2026-11-22T21:45 would be right.")
    }
    var found: Double?
    switch (day, time) {
    case (_, .utc(let moment)): found = Double(moment)
    case (let day?, .local(let seconds)):
      let (first, second) = moments(day, seconds, clock.zone)
      found = Double(first) > start ? Double(first) : Double(second ?? first)
    case (nil, .local(let seconds)):
      var date = clock.zone.local(Int64(start)).date
      while found == nil {
        let (first, second) = moments(date, seconds, clock.zone)
        found = [first, second].lazy.compactMap(\.self).map(Double.init).first { $0 > start }
        date = date.advanced(by: 1)
      }
    }
    guard let found, found > start else {
      throw TunerError(.usage, "\(printable(text)) is not after the start of the recording.")
    }
    return found
  }

  /// Seconds, as in 90s, 30m, 1h30m, 1d12h; nil for anything else, and for none at all.
  static func duration(_ text: some StringProtocol) -> Double? {
    var units: [(Character, Int)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]
    var rest = Substring(text)
    var total = 0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...]
      guard (1...7).contains(digits.count), let number = Int(digits), let unit = rest.popFirst(),
        let index = units.firstIndex(where: { $0.0 == unit })
      else { return nil }
      total += number * units[index].1
      units.removeFirst(index + 1)
    }
    return total > 0 ? Double(total) : nil
  }

  private enum Time {
    /// Seconds since midnight as clocks show them.
    case local(Int)
    case utc(Int64)
  }

  private static func parse(_ text: String) -> (LocalDate?, Time)? {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
    guard let last = parts.last, parts.count <= 2 else { return nil }
    var time = String(last)
    let isUTC = time.hasSuffix("Z")
    if isUTC { time.removeLast() }
    // "8:15" is a time of day as well.
    if time.firstIndex(of: ":") == time.index(time.startIndex, offsetBy: 1, limitedBy: time.endIndex) {
      time = "0" + time
    }
    guard let seconds = TimeOfDay(time)?.seconds else { return nil }
    guard parts.count == 2 else { return isUTC ? nil : (nil, .local(seconds)) }
    guard let day = LocalDate(String(parts[0])) else { return nil }
    return (day, isUTC ? .utc(Int64(day.dayNumber) * 86_400 + Int64(seconds)) : .local(seconds))
  }

  /// When clocks show a time of a day: mostly once, and twice where they are put back.
  private static func moments(_ day: LocalDate, _ seconds: Int, _ zone: TimeZoneRules) -> (Int64, Int64?) {
    let first = zone.moment(day, seconds)
    // No change of the clocks is larger than this, but for those of the date line, which skip or repeat a day.
    let back = Int64(zone.offset(at: first) - zone.offset(at: first + 3 * 3_600))
    guard back > 0, zone.local(first + back) == zone.local(first) else { return (first, nil) }
    return (first, first + back)
  }

  private static func past(_ moment: Int64, _ text: String, now: Double) throws(TunerError) -> Double {
    guard Double(moment) <= now else { throw TunerError(.usage, "\(printable(text)) has not been yet.") }
    return Double(moment)
  }
}
