import TransportStream

/// The rules of a time zone: which time its clocks show at any moment, and at which moment they show a time.
///
/// Read from a zone file (TZif, RFC 8536, versions 1 to 4), because what programs of this project load at their start has no
/// zones in it. Moments are Unix seconds: UTC without leap seconds.
package struct TimeZoneRules: Hashable, Sendable {
  /// As the IANA database has it, such as "Europe/Berlin".
  package let name: String
  /// Seconds east of UTC before the first transition.
  private let first: Int
  /// When the clocks change, rising, and what is east of UTC from then on.
  private let transitions: [Transition]
  /// How it goes on after the last transition; nil: as it is then.
  private let footer: PosixTimeZone?

  struct Transition: Hashable, Sendable {
    let at: Int64
    let offset: Int
  }

  /// Why a zone file cannot be used.
  package struct Malformed: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  package static let utc = TimeZoneRules(name: "UTC", first: 0, transitions: [], footer: nil)

  private init(name: String, first: Int, transitions: [Transition], footer: PosixTimeZone?) {
    self.name = name
    self.first = first
    self.transitions = transitions
    self.footer = footer
  }

  /// Reads a zone file.
  ///
  /// - Throws: ``Malformed`` when it is none, or counts leap seconds (the files under "right/" do), which Unix time does not.
  package init(name: String, file: [UInt8]) throws(Malformed) {
    var reader = ZoneFileReader(file)
    var block = try reader.block(timeSize: 4)
    var footer: PosixTimeZone?
    if block.version >= UInt8(ascii: "2") {
      block = try reader.block(timeSize: 8)
      let text = try reader.footer()
      footer = PosixTimeZone(text)
      guard footer != nil || text.isEmpty else { throw Malformed(description: "its rule \"\(text)\" is not one") }
    }
    self.init(name: name, first: block.first, transitions: block.transitions, footer: footer)
  }

  /// A zone that has followed one rule for ever, as TZ may have it (POSIX.1 §8.3); nil when the text is no such rule.
  package init?(rule: String) {
    guard let footer = PosixTimeZone(rule) else { return nil }
    self.init(name: rule, first: footer.standard, transitions: [], footer: footer)
  }

  /// Seconds east of UTC at a moment.
  package func offset(at moment: Int64) -> Int { segment(at: moment).offset }

  /// The day and the time that clocks show at a moment.
  package func local(_ moment: Int64) -> (date: LocalDate, seconds: Int) {
    let (day, seconds) = (moment + Int64(offset(at: moment))).flooredDivision(by: 86_400)
    return (LocalDate(dayNumber: Int(day)), Int(seconds))
  }

  /// The first moment at which the clocks show this time of this day, or a later one.
  ///
  /// So a time that comes twice, where clocks are put back, means the first of the two; a time that does not exist, where
  /// they are put forward, means the moment of the change. `seconds`: since midnight as clocks show them, 86,400 for 24:00.
  package func moment(_ date: LocalDate, _ seconds: Int) -> Int64 {
    let shown = Int64(date.dayNumber) * 86_400 + Int64(seconds)
    // No zone is, or was, more than 26 hours off: nothing earlier shows this time.
    var segment = segment(at: shown - 100_000)
    while true {
      let moment = max(segment.start ?? .min, shown - Int64(segment.offset))
      guard let next = segment.end, next <= moment else { return moment }
      segment = self.segment(at: next)
    }
  }

  /// The moment at which a day begins: when clocks first show its midnight, or a later time where that does not exist.
  /// A day that a zone has left out begins when the next one does.
  package func start(of date: LocalDate) -> Int64 { moment(date, 0) }

  /// The day that a moment belongs to: the last that has begun.
  package func day(at moment: Int64) -> LocalDate {
    var day = local(moment).date
    while start(of: day) > moment { day = day.advanced(by: -1) }
    while start(of: day.advanced(by: 1)) <= moment { day = day.advanced(by: 1) }
    return day
  }

  /// A span of time with one offset; without a start or an end where it has none.
  private struct Segment {
    var start: Int64?
    var end: Int64?
    var offset: Int
  }

  private func segment(at moment: Int64) -> Segment {
    var (low, high) = (0, transitions.count)
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle].at <= moment { low = middle + 1 } else { high = middle }
    }
    var segment = Segment(
      start: low == 0 ? nil : transitions[low - 1].at, end: low < transitions.count ? transitions[low].at : nil,
      offset: low == 0 ? first : transitions[low - 1].offset)
    guard low == transitions.count, let footer else { return segment }
    guard footer.daylight != nil else {
      // The file's last transition leads to what the footer says; a file without transitions has the footer only.
      segment.offset = footer.standard
      return segment
    }
    let last = segment.start ?? .min
    let year = LocalDate(dayNumber: Int(moment.flooredDivision(by: 86_400).quotient)).civil.year
    let changes = (year - 1...year + 1).flatMap { footer.changes(in: $0) }
    segment.offset = changes.last { $0.at <= moment }?.offset ?? footer.standard
    segment.start = changes.last { $0.at <= moment }.map { max($0.at, last) } ?? segment.start
    segment.end = changes.first { $0.at > moment }?.at
    return segment
  }
}

/// Takes a zone file apart (RFC 8536 §3).
private struct ZoneFileReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// A header and the data block behind it.
  mutating func block(
    timeSize: Int
  ) throws(TimeZoneRules.Malformed) -> (version: UInt8, first: Int, transitions: [TimeZoneRules.Transition]) {
    guard try take(4).elementsEqual("TZif".utf8) else { throw .init(description: "it is not a zone file") }
    let version = try take(1).first ?? 0
    _ = try take(15)
    var counts: [Int] = []
    for _ in 0..<6 { counts.append(Int(try number(4))) }
    let (utCount, standardCount, leapCount, timeCount, typeCount, letterCount) =
      (counts[0], counts[1], counts[2], counts[3], counts[4], counts[5])
    guard counts.allSatisfy({ 0...65_536 ~= $0 }), typeCount > 0 else { throw .init(description: "it is damaged") }
    guard leapCount == 0 else { throw .init(description: "it counts leap seconds") }

    var times: [Int64] = []
    for _ in 0..<timeCount { times.append(try number(timeSize)) }
    let indices = try take(timeCount).map(Int.init)
    var offsets: [Int] = []
    for _ in 0..<typeCount {
      offsets.append(Int(try number(4)))
      _ = try take(2)
    }
    _ = try take(letterCount + standardCount + utCount)
    guard indices.allSatisfy({ $0 < typeCount }), offsets.allSatisfy({ -93_600...93_600 ~= $0 }),
      zip(times, times.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw .init(description: "it is damaged") }
    // Before the first transition it is the first type (§3.2).
    return (version, offsets[0], zip(times, indices).map { .init(at: $0, offset: offsets[$1]) })
  }

  /// The rule between two line feeds at the end.
  mutating func footer() throws(TimeZoneRules.Malformed) -> String {
    let rest = bytes[at...]
    guard rest.first == 0x0A, let end = rest.dropFirst().firstIndex(of: 0x0A) else {
      throw .init(description: "it is cut short")
    }
    return String(decoding: rest[(at + 1)..<end], as: UTF8.self)
  }

  private mutating func take(_ count: Int) throws(TimeZoneRules.Malformed) -> ArraySlice<UInt8> {
    guard bytes.count - at >= count else { throw .init(description: "it is cut short") }
    defer { at += count }
    return bytes[at..<at + count]
  }

  /// Two's complement, most significant byte first.
  private mutating func number(_ size: Int) throws(TimeZoneRules.Malformed) -> Int64 {
    let bits = try take(size).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Int64(bitPattern: bits << UInt64(64 - 8 * size)) >> Int64(64 - 8 * size)
  }
}
