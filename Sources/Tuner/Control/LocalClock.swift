import FoundationEssentials
import Timetables

/// Time as this user's clocks show it: by TZ, else by the machine's zone, else UTC.
struct LocalClock: Sendable {
  let zone: TimeZoneRules

  init(_ zone: TimeZoneRules) { self.zone = zone }

  /// By the environment's TZ as POSIX.1 §8.3 has it: the name of a zone, with or without a colon, a zone file's path, or a
  /// rule such as CET-1CEST,M3.5.0,M10.5.0/3. One that is none of these is UTC, as it is for other programs.
  init(environment: [String: String], directory: String = "/usr/share/zoneinfo") {
    guard let name = environment["TZ"] else {
      zone = Self.file("/etc/localtime") ?? .utc
      return
    }
    let bare = name.hasPrefix(":") ? String(name.dropFirst()) : name
    zone =
      bare.isEmpty
      ? .utc : Self.file(bare.hasPrefix("/") ? bare : "\(directory)/\(bare)") ?? TimeZoneRules(rule: bare) ?? .utc
  }

  private static func file(_ path: String) -> TimeZoneRules? {
    guard let bytes = try? Data(contentsOf: URL(filePath: path)) else { return nil }
    return try? TimeZoneRules(name: path, file: Array(bytes))
  }

  /// The second a date falls in; nil for one that is thousands of years away, or none.
  private static func moment(_ date: Double) -> Int64? {
    date.magnitude < 1e11 ? Int64(date.rounded(.down)) : nil
  }

  /// "20:15:30".
  ///
  /// - Parameter date: seconds since the Unix epoch.
  func timeOfDay(_ date: Double) -> String {
    guard let moment = Self.moment(date) else { return "" }
    return TimeOfDay(seconds: zone.local(moment).seconds)?.description ?? ""
  }

  /// "20:15:30" on the day of `now`, "2026-11-21 20:15:30" on another.
  func text(_ date: Double, now: Double) -> String {
    guard let moment = Self.moment(date) else { return "" }
    let day = zone.local(moment).date
    return (day == zone.local(Int64(now)).date ? "" : "\(day) ") + timeOfDay(date)
  }
}
