/// The rule by which a zone goes on after the last change in its file: the string of POSIX.1 §8.3 (TZ) at the file's end,
/// with the extensions of RFC 8536 §3.3.1 (hours from -167 to 167).
///
///     CET-1CEST,M3.5.0,M10.5.0/3        <+1030>-10:30<+11>-11,M10.1.0,M4.1.0        UTC0
struct PosixTimeZone: Hashable, Sendable {
  /// Seconds east of UTC outside of daylight-saving time.
  let standard: Int
  let daylight: Daylight?

  struct Daylight: Hashable, Sendable {
    /// Seconds east of UTC.
    let offset: Int
    let start: Change
    let end: Change
  }

  /// A day of each year, and a local time on it.
  struct Change: Hashable, Sendable {
    enum Day: Hashable, Sendable {
      /// Jn: day n of the year, 1 to 365; February 29 is not counted.
      case julian(Int)
      /// n: day n of the year, 0 to 365; February 29 is counted.
      case ordinal(Int)
      /// Mm.w.d: the w-th weekday d (0 is Sunday) of month m; w = 5 is the last one.
      case weekday(month: Int, week: Int, day: Int)
    }

    let day: Day
    /// Seconds after the day's midnight, by the clock as it went until then; may be negative or more than a day.
    let time: Int

    /// Seconds since 1970-01-01 00:00 of the clock as it went until then.
    func localSeconds(in year: Int) -> Int {
      let newYear = LocalDate(year: year, month: 1, day: 1)?.dayNumber ?? 0
      let isLeap = LocalDate(year: year, month: 2, day: 29) != nil
      let day: Int
      switch self.day {
      case .julian(let number): day = newYear + number - 1 + (isLeap && number >= 60 ? 1 : 0)
      case .ordinal(let number): day = newYear + number
      case .weekday(let month, let week, let weekday):
        let first = LocalDate(year: year, month: month, day: 1) ?? LocalDate(dayNumber: newYear)
        let next =
          month == 12
          ? LocalDate(year: year + 1, month: 1, day: 1) : LocalDate(year: year, month: month + 1, day: 1)
        let firstWeekday = (first.weekday.rawValue + 1) % 7  // from Sunday
        var found = first.dayNumber + (weekday - firstWeekday + 7) % 7 + 7 * (week - 1)
        if let next, found >= next.dayNumber { found -= 7 }
        day = found
      }
      return day * 86_400 + time
    }
  }

  /// Nil when the text is no such rule.
  init?(_ text: String) {
    var reader = PosixReader(text)
    guard reader.name(), let west = reader.time(hours: 24) else { return nil }
    standard = -west
    guard !reader.isAtEnd else {
      daylight = nil
      return
    }
    guard reader.name() else { return nil }
    var offset = -west + 3_600
    if !reader.isAt(","), !reader.isAtEnd {
      guard let west = reader.time(hours: 24) else { return nil }
      offset = -west
    }
    // A rule that is left out is up to the system: files have it always.
    guard reader.take(","), let start = reader.change(), reader.take(","), let end = reader.change(), reader.isAtEnd
    else { return nil }
    daylight = Daylight(offset: offset, start: start, end: end)
  }

  /// When the clocks change in a year, in order: Unix seconds, and what is east of UTC from then on.
  func changes(in year: Int) -> [(at: Int64, offset: Int)] {
    guard let daylight else { return [] }
    let forward = (at: Int64(daylight.start.localSeconds(in: year) - standard), offset: daylight.offset)
    let back = (at: Int64(daylight.end.localSeconds(in: year) - daylight.offset), offset: standard)
    return forward.at < back.at ? [forward, back] : [back, forward]
  }
}

private struct PosixReader {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  func isAt(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard isAt(character) else { return false }
    rest.removeFirst()
    return true
  }

  /// A zone's abbreviation: letters, or anything in angle brackets.
  mutating func name() -> Bool {
    if take("<") {
      guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
      rest = rest[rest.index(after: end)...]
      return true
    }
    let letters = rest.prefix { 0x41...0x5A ~= $0 & 0xDF }
    rest = rest[letters.endIndex...]
    return letters.count >= 3
  }

  mutating func number() -> Int? {
    let digits = rest.prefix { 0x30...0x39 ~= $0 }
    rest = rest[digits.endIndex...]
    guard 1...4 ~= digits.count else { return nil }
    return Int(String(Substring(digits)))
  }

  /// [+-]hh[:mm[:ss]] in seconds.
  mutating func time(hours most: Int) -> Int? {
    let sign = take("-") ? -1 : 1
    if sign == 1 { _ = take("+") }
    guard let hours = number(), hours <= most else { return nil }
    var seconds = hours * 3_600
    for unit in [60, 1] {
      guard take(":") else { break }
      guard let number = number(), number < 60 else { return nil }
      seconds += number * unit
    }
    return sign * seconds
  }

  mutating func change() -> PosixTimeZone.Change? {
    let day: PosixTimeZone.Change.Day
    if take("M") {
      guard let month = number(), 1...12 ~= month, take("."), let week = number(), 1...5 ~= week, take("."),
        let weekday = number(), 0...6 ~= weekday
      else { return nil }
      day = .weekday(month: month, week: week, day: weekday)
    } else if take("J") {
      guard let number = number(), 1...365 ~= number else { return nil }
      day = .julian(number)
    } else {
      guard let number = number(), 0...365 ~= number else { return nil }
      day = .ordinal(number)
    }
    guard take("/") else { return .init(day: day, time: 2 * 3_600) }
    return time(hours: 167).map { .init(day: day, time: $0) }
  }
}
