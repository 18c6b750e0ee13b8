/// A day of the Gregorian calendar, which is taken to go back and on for ever.
package struct LocalDate: Hashable, Comparable, Sendable {
  /// Days since 1970-01-01.
  package let dayNumber: Int

  package init(dayNumber: Int) { self.dayNumber = dayNumber }

  /// Nil when there is no such day, as February 29 in most years. `year`: -9999 to 9999.
  package init?(year: Int, month: Int, day: Int) {
    guard -9_999...9_999 ~= year, 1...12 ~= month, 1...31 ~= day else { return nil }
    // Years that begin in March have their leap day at the end, and months of a length that a line through them tells.
    let marchYear = month > 2 ? year : year - 1
    let monthsSinceMarch = (month + 9) % 12
    let (era, yearOfEra) = LocalDate.divide(marchYear, by: 400)
    let dayOfYear = (153 * monthsSinceMarch + 2) / 5 + day - 1
    dayNumber =
      era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - LocalDate.daysBefore1970
    guard civil == (year, month, day) else { return nil }
  }

  /// Days from March 1 of the year 0 to 1970-01-01.
  private static let daysBefore1970 = 719_468

  /// Year, month from 1, day from 1.
  package var civil: (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = LocalDate.divide(dayNumber + LocalDate.daysBefore1970, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthsSinceMarch = (5 * dayOfYear + 2) / 153
    let month = (monthsSinceMarch + 2) % 12 + 1
    return (
      era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthsSinceMarch + 2) / 5 + 1
    )
  }

  package var weekday: Weekday {
    Weekday(rawValue: LocalDate.divide(dayNumber + 3, by: 7).remainder) ?? .monday  // 1970-01-01 was a Thursday
  }

  package func advanced(by days: Int) -> LocalDate { LocalDate(dayNumber: dayNumber + days) }

  package static func < (left: LocalDate, right: LocalDate) -> Bool { left.dayNumber < right.dayNumber }

  private static func divide(_ number: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

extension LocalDate: CustomStringConvertible {
  /// "2026-12-24".
  package var description: String {
    let (year, month, day) = civil
    return "\(Digits.padded(year, to: 4))-\(Digits.padded(month, to: 2))-\(Digits.padded(day, to: 2))"
  }

  /// "2026-12-24"; nil when it is not written so, or there is no such day.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, let year = Digits.number(parts[0], digits: 4),
      let month = Digits.number(parts[1], digits: 2),
      let day = Digits.number(parts[2], digits: 2)
    else { return nil }
    self.init(year: year, month: month, day: day)
  }
}

/// A day of the week, as ISO 8601 counts them.
package enum Weekday: Int, CaseIterable, Sendable {
  case monday, tuesday, wednesday, thursday, friday, saturday, sunday

  /// "mon" or "monday", capitals or not.
  package init?(_ text: String) {
    let name = text.lowercased()
    guard let found = Weekday.allCases.first(where: { name == "\($0)" || name == $0.short }) else { return nil }
    self = found
  }

  /// "mon".
  package var short: String { String("\(self)".prefix(3)) }
}

/// A time on the clock's face, to the second: 00:00:00 to 24:00:00, the end of the day.
package struct TimeOfDay: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Since midnight, as a clock shows them: 0 to 86,400.
  package let seconds: Int

  package init?(seconds: Int) {
    guard 0...86_400 ~= seconds else { return nil }
    self.seconds = seconds
  }

  /// "20:15" or "20:15:30"; nil when it is not written so.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard 2...3 ~= parts.count, let hours = Digits.number(parts[0], digits: 2),
      let minutes = Digits.number(parts[1], digits: 2), minutes < 60,
      let seconds = parts.count == 3 ? Digits.number(parts[2], digits: 2) : 0, seconds < 60
    else { return nil }
    self.init(seconds: hours * 3_600 + minutes * 60 + seconds)
  }

  /// "20:15:30".
  package var description: String {
    [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { Digits.padded($0, to: 2) }.joined(separator: ":")
  }

  package static func < (left: TimeOfDay, right: TimeOfDay) -> Bool { left.seconds < right.seconds }
}

/// Numbers of a fixed width.
enum Digits {
  static func padded(_ number: Int, to width: Int) -> String {
    let digits = String(abs(number))
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Nil unless there are just so many decimal digits.
  static func number(_ text: Substring, digits: Int) -> Int? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int(text)
  }
}
