import FoundationEssentials
import Testing
import Timetables

@testable import Tuner

struct SpokenTimeTests {
  static let berlin = LocalClock(environment: ["TZ": "Europe/Berlin"])

  /// Unix seconds of a UTC date and time.
  static func utc(_ text: String) throws -> Double {
    let parts = text.split(separator: " ")
    let day = try #require(LocalDate(String(parts[0])))
    let time = try #require(TimeOfDay(String(parts[1])))
    return Double(day.dayNumber * 86_400 + time.seconds)
  }

  @Test(arguments: [
    ("90s", 90.0), ("30m", 1800), ("1h30m", 5400), ("1d2h3m4s", 93_784), ("2h", 7200),
  ])
  func durations(text: String, seconds: Double) {
    #expect(SpokenTime.duration(text) == seconds)
  }

  @Test(arguments: ["", "10", "m", "1m1h", "1m1m", "1.5h", "-1m", "0s", "1h ", "10 m", "99999999s", "1h30", "٣m"])
  func noDurations(text: String) {
    #expect(SpokenTime.duration(text) == nil)
  }

  /// Winter in Berlin: an hour ahead of UTC. Now is 20:30 there.
  @Test(arguments: [
    ("-10m", "2026-11-22 19:20"), ("-1h30m", "2026-11-22 18:00"), ("90s", "2026-11-22 19:28:30"),
    ("20:15", "2026-11-22 19:15"), ("20:15:30", "2026-11-22 19:15:30"), ("8:15", "2026-11-22 07:15"),
    ("20:30", "2026-11-22 19:30"),
    // Not yet today, so it was yesterday.
    ("20:31", "2026-11-21 19:31"), ("23:59", "2026-11-21 22:59"),
    ("2026-11-20T20:15", "2026-11-20 19:15"), ("2026-11-20 20:15", "2026-11-20 19:15"),
    ("2026-07-01T20:15", "2026-07-01 18:15"), ("2026-11-22T19:15:00Z", "2026-11-22 19:15"),
  ])
  func past(text: String, date: String) throws {
    let now = try Self.utc("2026-11-22 19:30")
    #expect(try SpokenTime.past(text, now: now, clock: Self.berlin) == Self.utc(date))
  }

  @Test func howLongAgoIsNoDateOfThisMachine() throws {
    let option = try BeginningOption.parse(["--from", "-10m"])
    #expect(try option.beginning(now: 1e9, clock: Self.berlin) == .ago(600))
    #expect(try BeginningOption.parse(["--from", "1h30m"]).beginning(now: 0, clock: Self.berlin) == .ago(5400))
    let now = try Self.utc("2026-11-22 19:30")
    let date = try Self.utc("2026-11-22 19:15")
    #expect(try BeginningOption.parse(["--from", "20:15"]).beginning(now: now, clock: Self.berlin) == .at(date))
  }

  @Test(arguments: [
    "", "25:00", "20:60", "20", "now", "tomorrow", "-", "--10m", "2026-02-30T20:15", "2026-11-22T", "20:15Z",
    "2026-11-22T20:31", "2027-01-01T00:00",
  ])
  func noPast(text: String) throws {
    let now = try Self.utc("2026-11-22 19:30")
    #expect(throws: TunerError.self) { try SpokenTime.past(text, now: now, clock: Self.berlin) }
  }

  /// On 2026-10-25 clocks in Berlin went from 03:00 back to 02:00, at 01:00 UTC; on 2026-03-29 from 02:00 to 03:00.
  @Test(arguments: [
    // The first 02:30 has been, the second not yet.
    ("2026-10-25 00:45", "02:30", "2026-10-25 00:30"), ("2026-10-25 01:29", "02:30", "2026-10-25 00:30"),
    // Both have been.
    ("2026-10-25 01:30", "02:30", "2026-10-25 01:30"), ("2026-10-25 12:00", "02:30", "2026-10-25 01:30"),
    ("2026-10-25 12:00", "2026-10-25T02:30", "2026-10-25 01:30"),
    // Neither: the day before, which had it once.
    ("2026-10-25 00:15", "02:30", "2026-10-24 00:30"),
    // There was no 02:30: the moment when 02:00 became 03:00.
    ("2026-03-29 12:00", "02:30", "2026-03-29 01:00"),
  ])
  func pastWhereClocksChange(now: String, text: String, date: String) throws {
    #expect(try SpokenTime.past(text, now: Self.utc(now), clock: Self.berlin) == Self.utc(date))
  }

  @Test(arguments: [
    ("20:15", "2026-11-22 18:00", "2026-11-22 19:15"), ("20:15", "2026-11-22 19:15", "2026-11-23 19:15"),
    ("2026-11-24T20:15", "2026-11-22 18:00", "2026-11-24 19:15"),
    ("2026-11-24T20:15Z", "2026-11-22 18:00", "2026-11-24 20:15"),
    ("02:30", "2026-10-25 00:00", "2026-10-25 00:30"), ("02:30", "2026-10-25 00:30", "2026-10-25 01:30"),
  ])
  func next(text: String, start: String, date: String) throws {
    #expect(try SpokenTime.next(text, after: Self.utc(start), clock: Self.berlin) == Self.utc(date))
  }

  @Test(arguments: ["", "30m", "2026-11-20T20:15", "2026-11-22T18:59", "24:01"])
  func noNext(text: String) throws {
    #expect(throws: TunerError.self) {
      try SpokenTime.next(text, after: try Self.utc("2026-11-22 18:00"), clock: Self.berlin)
    }
  }

  @Test func localTimeIsThatOfTZ() throws {
    let noon = try Self.utc("2026-11-22 12:00")
    #expect(LocalClock(environment: ["TZ": ":Europe/Berlin"]).timeOfDay(noon) == "13:00:00")
    #expect(LocalClock(environment: ["TZ": "/usr/share/zoneinfo/Asia/Kolkata"]).timeOfDay(noon) == "17:30:00")
    #expect(LocalClock(environment: ["TZ": "EST5EDT,M3.2.0,M11.1.0"]).timeOfDay(noon) == "07:00:00")
    #expect(LocalClock(environment: ["TZ": ""]).timeOfDay(noon) == "12:00:00")
    #expect(LocalClock(environment: ["TZ": "Nowhere/At_All"]).timeOfDay(noon) == "12:00:00")
    #expect(Self.berlin.text(noon, now: noon + 3600) == "13:00:00")
    #expect(Self.berlin.text(noon, now: noon + 86_400) == "2026-11-22 13:00:00")
  }
}
