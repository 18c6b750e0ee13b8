import FoundationEssentials
import Testing

@testable import Timetables

/// The zone files of this machine.
func zone(_ name: String) throws -> TimeZoneRules {
  try TimeZoneRules(name: name, file: Array(try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))))
}

/// "2026-03-29 02:30" and "2026-03-29 02:30:15", with or without a zone.
func moment(_ text: String, in zone: TimeZoneRules = .utc) throws -> Int64 {
  let parts = text.split(separator: " ")
  let date = try #require(LocalDate(String(parts[0])))
  return zone.moment(date, try #require(TimeOfDay(String(parts[1]))).seconds)
}

@Suite struct TimeZoneRulesTests {
  /// Each change of the clocks: a second before, and at it. From the zones' published rules.
  @Test(arguments: [
    ("Europe/Berlin", "2026-03-29 01:00", 3_600, 7_200), ("Europe/Berlin", "2026-10-25 01:00", 7_200, 3_600),
    ("America/New_York", "2026-03-08 07:00", -18_000, -14_400),
    ("America/New_York", "2026-11-01 06:00", -14_400, -18_000),
    ("Australia/Lord_Howe", "2026-04-04 15:00", 39_600, 37_800),
    ("Australia/Lord_Howe", "2026-10-03 15:30", 37_800, 39_600),
    ("Pacific/Apia", "2011-12-30 10:00", -36_000, 50_400),
    ("Europe/Berlin", "1945-05-24 00:00", 7_200, 10_800), ("Asia/Kolkata", "1945-10-14 17:30", 23_400, 19_800),
    // Behind the tables of the files, by the rules at their ends.
    ("Europe/Berlin", "2126-03-31 01:00", 3_600, 7_200), ("Europe/Berlin", "2126-10-27 01:00", 7_200, 3_600),
    ("America/New_York", "2400-03-12 07:00", -18_000, -14_400),
    ("Australia/Lord_Howe", "2099-10-03 15:30", 37_800, 39_600),
  ])
  func changes(name: String, utc: String, before: Int, after: Int) throws {
    let zone = try zone(name)
    let at = try moment(utc)
    #expect(zone.offset(at: at - 1) == before)
    #expect(zone.offset(at: at) == after)
    #expect(zone.offset(at: at + 3_600) == after)
  }

  @Test(arguments: [
    ("UTC", "2026-06-01 12:00", "2026-06-01 12:00"), ("Asia/Kolkata", "2026-06-01 12:00", "2026-06-01 06:30"),
    ("Europe/Berlin", "2026-06-01 00:00", "2026-05-31 22:00"),
    ("Europe/Berlin", "2226-12-24 20:15", "2226-12-24 19:15"),
    // What does not exist is the moment of the change.
    ("Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29 00:59:59"),
    ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-03-29 03:00:01", "2026-03-29 01:00:01"),
    // What comes twice is the first of the two.
    ("Europe/Berlin", "2026-10-25 02:00", "2026-10-25 00:00"),
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
    ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00"),
    ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30"),
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
    ("Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-04 15:30"),
    ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
    // A day that was left out.
    ("Pacific/Apia", "2011-12-29 23:59:59", "2011-12-30 09:59:59"),
    ("Pacific/Apia", "2011-12-30 00:00", "2011-12-30 10:00"), ("Pacific/Apia", "2011-12-30 20:15", "2011-12-30 10:00"),
    ("Pacific/Apia", "2011-12-31 00:00", "2011-12-30 10:00"),
    // A midnight that does not exist, and one that clocks showed twice.
    ("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04 03:00"),
    ("America/Sao_Paulo", "2019-02-17 00:00", "2019-02-17 03:00"),
    ("Europe/Berlin", "2026-12-31 24:00", "2026-12-31 23:00"),
  ])
  func localTimes(name: String, local: String, utc: String) throws {
    #expect(try moment(local, in: zone(name)) == moment(utc))
  }

  @Test func everyHourOfManyYearsIsTheFirstThatShowsItsTime() throws {
    for name in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"] {
      let zone = try zone(name)
      var last: (date: LocalDate, seconds: Int)?
      for at in stride(from: try moment("2009-01-01 00:00"), to: try moment("2012-02-01 00:00"), by: 1_800) {
        let local = zone.local(at)
        let found = zone.moment(local.date, local.seconds)
        #expect(found == at || (found < at && at - found <= 3_600), "twice at the most, an hour apart")
        if let last, (last.date, last.seconds) < (local.date, local.seconds) {
          let day = zone.day(at: at)
          #expect(zone.start(of: day) <= at && at < zone.start(of: day.advanced(by: 1)))
        }
        last = local
      }
    }
  }

  /// A file written by hand: version 1, one transition, from -1 h to +2 h at 1,000,000 s.
  @Test func readsTheFirstVersion() throws {
    let counts: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4]
    var file = Array("TZif".utf8) + [UInt8](repeating: 0, count: 16) + counts
    file += [0x00, 0x0F, 0x42, 0x40, 1, 0xFF, 0xFF, 0xF1, 0xF0, 0, 0, 0x00, 0x00, 0x1C, 0x20, 1, 0]
    file += Array("ABC\0".utf8)
    let zone = try TimeZoneRules(name: "Hand", file: file)
    #expect(zone.offset(at: 999_999) == -3_600)
    #expect(zone.offset(at: 1_000_000) == 7_200)
    #expect(zone.offset(at: 4_000_000_000) == 7_200)
    for length in file.indices {
      #expect(throws: TimeZoneRules.Malformed.self) { try TimeZoneRules(name: "Cut", file: Array(file[..<length])) }
    }
    file[32 - 1] = 1  // a leap second
    #expect(throws: TimeZoneRules.Malformed.self) { try TimeZoneRules(name: "Leaps", file: file) }
  }

  @Test(arguments: [
    ("UTC0", 0, nil), ("<+0330>-3:30", 12_600, nil), ("EST5EDT,M3.2.0,M11.1.0", -18_000, -14_400),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", 3_600, 0), ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7_200, -3_600),
    ("EET-2EEST,M3.4.4/50,M10.4.4/50", 7_200, 10_800), ("XXX3YYY,J60/2:30:15,365", -10_800, -7_200),
  ])
  func rules(text: String, standard: Int, daylight: Int?) throws {
    let rule = try #require(PosixTimeZone(text))
    #expect(rule.standard == standard)
    #expect(rule.daylight?.offset == daylight)
  }

  @Test(arguments: ["", "UT0", "UTC", "UTC25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "<+1-1"])
  func whatIsNoRule(text: String) { #expect(PosixTimeZone(text) == nil) }

  @Test func daysOfRules() throws {
    func day(_ rule: String, _ year: Int) throws -> String {
      let start = try #require(PosixTimeZone("AAA0BBB,\(rule),J1")?.daylight?.start)
      return LocalDate(dayNumber: start.localSeconds(in: year) / 86_400).description
    }
    #expect(try day("J59", 2028) == "2028-02-28")
    #expect(try day("J60", 2028) == "2028-03-01")
    #expect(try day("59", 2028) == "2028-02-29")
    #expect(try day("59", 2027) == "2027-03-01")
    #expect(try day("M3.5.0", 2026) == "2026-03-29")
    #expect(try day("M12.5.4", 2026) == "2026-12-31")
    #expect(try day("M2.1.0", 2026) == "2026-02-01")
    #expect(try day("M3.4.4/50", 2026) == "2026-03-28", "two days and two hours after the fourth Thursday's midnight")
  }

  @Test func calendar() throws {
    #expect(LocalDate("1970-01-01")?.dayNumber == 0)
    #expect(LocalDate("2000-03-01")?.dayNumber == 11_017)
    #expect(LocalDate("2026-11-22")?.weekday == .sunday)
    for text in [
      "2027-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-1", "26-01-01", "+026-01-01",
    ] {
      #expect(LocalDate(text) == nil)
    }
    for number in stride(from: -800_000, to: 800_000, by: 13) {
      let (year, month, day) = LocalDate(dayNumber: number).civil
      #expect(LocalDate(year: year, month: month, day: day)?.dayNumber == number)
    }
    #expect(TimeOfDay("24:00")?.seconds == 86_400)
    #expect(TimeOfDay("20:15:30")?.description == "20:15:30")
    for text in ["24:01", "24:00:01", "12:60", "9:30", "12", "12:00:60", "12:00:00:00", "-1:00"] {
      #expect(TimeOfDay(text) == nil)
    }
  }
}
