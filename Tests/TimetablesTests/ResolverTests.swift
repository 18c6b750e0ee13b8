import Testing
import TransportStream

@testable import Timetables

/// A timetable written the way that an operator thinks: entries with clips of so many minutes.
struct Programmes {
  var zone: TimeZoneRules
  var entries: [(entry: Timetable.Entry, minutes: [Double?])] = []
  var fillers: [Double?] = []
  var shuffle: Int?

  /// Clips are numbered: those of entry 2 from 200, fillers from 0.
  var resolver: Resolver {
    func clip(_ id: Int, _ minutes: Double?) -> Clip {
      Clip(id: id, name: "clip \(id)", duration: minutes.map { .ninetyKilohertz(Int64($0 * 60 * 90_000)) })
    }
    return Resolver(
      Timetable(zone: zone, entries: entries.map(\.entry), fillerShuffle: shuffle),
      programmes: entries.enumerated().map { place, entry in
        entry.minutes.enumerated().map { clip(100 * (place + 1) + $0, $1) }
      },
      fillers: fillers.enumerated().map(clip))
  }

  mutating func add(
    _ at: String, _ days: Timetable.Days = .daily, _ start: Timetable.Start = .sharp, minutes: [Double?],
    shuffle: Int? = nil
  ) throws {
    entries.append((.init(at: try #require(TimeOfDay(at)), days: days, start: start, shuffle: shuffle), minutes))
  }

  /// "20:15 100, 21:00 1 cut" for what begins in a span of local time.
  func shown(_ first: String, _ last: String) throws -> String {
    let (from, to) = (try Ticks.seconds(moment(first, in: zone)), try Ticks.seconds(moment(last, in: zone)))
    return resolver.items(from: from, to: to).filter { $0.start >= from }.map { item in
      let time = zone.local(item.start.count / Ticks.perSecond).seconds
      let text = TimeOfDay(seconds: time)?.description ?? "?"
      let name = item.clip.map { "\($0)" } ?? "card"
      return "\(text.hasSuffix(":00") ? String(text.dropLast(3)) : text) \(name)\(item.isCut ? " cut" : "")"
    }.joined(separator: ", ")
  }
}

@Suite struct ResolverTests {
  let berlin: TimeZoneRules

  init() throws { berlin = try zone("Europe/Berlin") }

  func date(_ text: String) throws -> Timetable.Days { .date(try #require(LocalDate(text))) }

  @Test func fillersAreCutByProgrammesAndGoOnUnderneath() throws {
    var programmes = Programmes(zone: berlin, fillers: [20, 25])
    try programmes.add("01:00", minutes: [50])
    // The rotation: 20, 25 from midnight: at 1:50 it is 110 minutes in, in the second turn's 25 (110 - 90 = 20).
    #expect(
      try programmes.shown("2026-11-22 00:00", "2026-11-22 02:30")
        == "00:00 0, 00:20 1, 00:45 0 cut, 01:00 100, 01:50 1, 02:15 0")
    try programmes.add("22:00", minutes: [23])
    // At 22:23 it is 1343 minutes in: 38 of the thirtieth turn's 45.
    #expect(
      try programmes.shown("2026-11-22 22:00", "2026-11-23 00:10")
        == "22:00 200, 22:23 1, 22:48 0, 23:08 1, 23:33 0, 23:53 1 cut, 00:00 0")
  }

  @Test func withoutFillersItIsTheCard() throws {
    var programmes = Programmes(zone: berlin)
    try programmes.add("20:15", minutes: [45])
    try programmes.add("22:00", .daily, .afterwards, minutes: [30])
    #expect(
      try programmes.shown("2026-11-22 20:00", "2026-11-23 00:01")
        == "20:15 100, 21:00 card, 22:00 200, 22:30 card, 00:00 card")
  }

  @Test func sharpCutsAndAfterwardsWaits() throws {
    var programmes = Programmes(zone: berlin, fillers: [7])
    try programmes.add("20:00", minutes: [90])
    try programmes.add("20:30", .daily, .afterwards, minutes: [10])
    try programmes.add("20:45", .daily, .afterwards, minutes: [10, 10])
    try programmes.add("21:45", .daily, .afterwards, minutes: [40])
    try programmes.add("22:00", minutes: [1])
    #expect(
      try programmes.shown("2026-11-22 20:00", "2026-11-22 22:03")
        == "20:00 100, 21:30 200, 21:40 300, 21:50 400 cut, 22:00 500, 22:01 0")
    // A filler is let run as well.
    try programmes.add("23:00", .daily, .afterwards, minutes: [5])
    #expect(try programmes.shown("2026-11-22 22:50", "2026-11-22 23:10") == "22:50 0, 22:57 0, 23:04 600, 23:09 0")
    // What had to wait until something sharp began is left out.
    var late = Programmes(zone: berlin)
    try late.add("20:00", minutes: [90])
    try late.add("20:30", .daily, .afterwards, minutes: [10])
    try late.add("21:00", minutes: [10])
    #expect(try late.shown("2026-11-22 20:00", "2026-11-22 23:00") == "20:00 100 cut, 21:00 300, 21:10 card")
  }

  @Test func ofTheSameTimeTheClosestPlays() throws {
    var programmes = Programmes(zone: berlin)
    try programmes.add("20:15", try date("2026-12-24"), minutes: [1])
    try programmes.add("20:15", minutes: [2])
    try programmes.add("20:15", .weekdays([.thursday, .friday]), minutes: [3])
    try programmes.add("20:15", .weekdays([.friday]), minutes: [4])
    try programmes.add("20:15", .yearly(month: 12, day: 24), minutes: [5])
    func at(_ day: String) throws -> String { try programmes.shown("\(day) 20:15", "\(day) 20:16") }
    #expect(try at("2026-12-24").hasPrefix("20:15 100"), "a Thursday")
    #expect(try at("2027-12-24").hasPrefix("20:15 500"))
    #expect(try at("2026-12-17").hasPrefix("20:15 300"))
    #expect(try at("2026-12-18").hasPrefix("20:15 400"), "the later of two")
    #expect(try at("2026-12-23").hasPrefix("20:15 200"))
  }

  @Test func leapDays() throws {
    var programmes = Programmes(zone: berlin)
    try programmes.add("12:00", minutes: [1])
    try programmes.add("12:00", .yearly(month: 2, day: 29), minutes: [1])
    try programmes.add("12:00", try date("2032-02-29"), minutes: [1])
    func at(_ day: String) throws -> String { try programmes.shown("\(day) 12:00", "\(day) 12:01") }
    #expect(try at("2028-02-29") == "12:00 200")
    #expect(try at("2032-02-29") == "12:00 300")
    #expect(try at("2027-02-28") == "12:00 100")
    #expect(try at("2027-03-01") == "12:00 100")
  }

  @Test func aTimeThatDoesNotExistIsTheMomentOfTheChange() throws {
    var programmes = Programmes(zone: berlin)
    try programmes.add("01:50", minutes: [15])
    try programmes.add("02:15", .daily, .afterwards, minutes: [10])
    try programmes.add("02:45", .daily, .afterwards, minutes: [10])
    #expect(
      try programmes.shown("2026-03-29 01:50", "2026-03-29 03:40")
        == "01:50 100, 03:05 200, 03:15 300, 03:25 card")
    try programmes.add("02:50", minutes: [3])
    #expect(try programmes.shown("2026-03-29 01:50", "2026-03-29 03:02") == "01:50 100 cut, 03:00 400")
    #expect(try programmes.shown("2026-03-30 02:45", "2026-03-30 02:56") == "02:45 300 cut, 02:50 400, 02:53 card")
  }

  @Test func aTimeThatComesTwiceIsTheFirst() throws {
    var programmes = Programmes(zone: berlin, fillers: [30])
    try programmes.add("02:30", minutes: [10])
    // From 02:40 summer time until 03:00 winter time are 80 minutes.
    #expect(
      try programmes.shown("2026-10-25 02:00", "2026-10-25 03:29")
        == "02:00 0, 02:30 100, 02:40 0, 02:10 0, 02:40 0, 03:10 0")
  }

  @Test func theEndOfADay() throws {
    var programmes = Programmes(zone: berlin)
    try programmes.add("24:00", .weekdays([.saturday]), minutes: [5])
    #expect(try programmes.shown("2026-11-21 23:59", "2026-11-22 00:01") == "00:00 100")
    try programmes.add("00:00", minutes: [6])
    #expect(try programmes.shown("2026-11-21 23:59", "2026-11-22 00:01") == "00:00 100", "closer than daily")
    try programmes.add("00:00", try date("2026-11-22"), minutes: [7])
    #expect(try programmes.shown("2026-11-21 23:59", "2026-11-22 00:01") == "00:00 300")
    #expect(try programmes.shown("2026-11-22 23:59", "2026-11-23 00:01") == "00:00 200")
  }

  @Test func aDayThatWasLeftOut() throws {
    var programmes = Programmes(zone: try zone("Pacific/Apia"))
    try programmes.add("12:00", minutes: [5])
    try programmes.add("13:00", try date("2011-12-30"), minutes: [5])
    try programmes.add("24:00", .weekdays([.thursday]), minutes: [5])
    #expect(
      try programmes.shown("2011-12-29 11:00", "2011-12-31 12:01")
        == "12:00 100, 12:05 card, 00:00 300, 00:05 card, 12:00 100")
  }

  @Test func programmesRunOverMidnight() throws {
    var programmes = Programmes(zone: berlin, fillers: [50])
    try programmes.add("23:30", minutes: [20, 25])
    #expect(
      try programmes.shown("2026-11-22 23:30", "2026-11-23 01:00") == "23:30 100, 23:50 101, 00:15 0")
  }

  @Test func nothingIsBegunForLessThanTwoSeconds() throws {
    var programmes = Programmes(zone: berlin, fillers: [10])
    try programmes.add("12:00", minutes: [9.98])
    try programmes.add("12:10", minutes: [10])
    #expect(
      try programmes.shown("2026-11-22 12:00", "2026-11-22 12:11") == "12:00 100, 12:09:58 card, 12:10 200")
  }

  @Test func whatCannotBePlayedIsLeftOutAtItsTime() throws {
    var programmes = Programmes(zone: berlin, fillers: [30, nil])
    try programmes.add("12:10", minutes: [nil])
    try programmes.add("13:00", minutes: [nil, 10, nil, 5])
    #expect(
      try programmes.shown("2026-11-22 12:00", "2026-11-22 13:20")
        == "12:00 0 cut, 12:10 0, 12:40 0 cut, 13:00 201, 13:10 203, 13:15 0")
  }

  @Test func ordersAreShuffledByDay() throws {
    var programmes = Programmes(zone: berlin, fillers: Array(repeating: 10, count: 12), shuffle: 7)
    func order(_ day: String) throws -> [Int?] {
      let start = try Ticks.seconds(moment("\(day) 00:00", in: berlin))
      return programmes.resolver.items(from: start, to: start + .seconds(7_200)).map(\.clip)
    }
    let sunday = try order("2026-11-22")
    #expect(Set(sunday).count == 12)
    #expect(sunday != Array(0..<12))
    #expect(try order("2026-11-23") != sunday)
    #expect(try order("2026-11-22") == sunday)
    programmes.shuffle = 8
    #expect(try order("2026-11-22") != sunday)
    // The same on every machine, and in every version.
    #expect(
      Shuffle.order(["a", "b", "c", "d", "e", "a"], seed: 7) == Shuffle.order(["a", "b", "c", "d", "e", "a"], seed: 7))
    let without = Shuffle.order(["a", "b", "c", "d", "e"], seed: 3)
    #expect(Shuffle.order(["a", "b", "c", "d", "e", "f"], seed: 3).filter { $0 < 5 } == without)
  }

  /// Timetables of all sorts, over both changes of the clocks: the same whoever asks, and without a hole.
  @Test(arguments: 0..<12) func isAFunctionOfTime(seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    let names = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
    var programmes = Programmes(zone: try zone(names[seed % names.count]), shuffle: seed % 3 == 0 ? seed : nil)
    programmes.fillers = (0..<Int.random(in: 0...9, using: &random)).map { _ in
      Double.random(in: 0.2...40, using: &random)
    }
    for _ in 0..<Int.random(in: 1...14, using: &random) {
      let at = try #require(TimeOfDay(seconds: 60 * Int.random(in: 0...1_440, using: &random)))
      let days: [Timetable.Days] = [
        .daily, .weekdays([.saturday, .sunday]), .weekdays([.monday]), .yearly(month: 3, day: 29),
        try date("2026-10-25"),
      ]
      // Some timetables have nothing that begins sharp.
      let start: Timetable.Start = seed % 4 == 1 || Bool.random(using: &random) ? .afterwards : .sharp
      programmes.entries.append(
        (
          .init(at: at, days: days.randomElement(using: &random) ?? .daily, start: start),
          (0...Int.random(in: 0...3, using: &random)).map { _ in Double.random(in: 0.01...200, using: &random) }
        ))
    }
    let resolver = programmes.resolver
    for month in ["03", "10", "04"] {
      let (first, last) = (
        try Ticks.seconds(moment("2026-\(month)-20 00:00")), try Ticks.seconds(moment("2026-\(month)-30 00:00"))
      )
      let items = resolver.items(from: first, to: last)
      #expect(items[0].start <= first && last <= items[items.count - 1].end)
      for (earlier, later) in zip(items, items.dropFirst()) {
        #expect(earlier.end == later.start && later.start < later.end)
        #expect(later.start.count % 300 == 0)
      }
      for _ in 0..<60 {
        let a = first + Ticks.seconds(.random(in: 0..<700_000, using: &random))
        let b = a + Ticks.seconds(.random(in: 1..<90_000, using: &random))
        #expect(resolver.items(from: a, to: b) == items.filter { $0.end > a && $0.start < b })
        // What follows the end of an item is what would have followed.
        guard let place = items.firstIndex(where: { $0.start >= a }), place + 5 < items.count else { continue }
        #expect(resolver.items(after: items[place].start) { $0.count == 5 } == Array(items[place..<place + 5]))
      }
    }
  }

  @Test func afterAnotherPastItGoesOnWithFillersOrTheNextOfAList() throws {
    var programmes = Programmes(zone: berlin, fillers: [10])
    try programmes.add("20:00", minutes: [60])
    try programmes.add("20:30", .daily, .afterwards, minutes: [5])
    try programmes.add("22:00", minutes: [30, 31])
    func after(_ text: String) throws -> [TimetableItem] {
      try programmes.resolver.items(after: .seconds(moment("2026-11-22 \(text)", in: berlin))) { $0.count == 3 }
    }
    // The programme of 20:00 was not there at its time, so that of 20:30 has not waited for it.
    #expect(try after("20:20").map(\.clip) == [0, 200, 0])
    #expect(try after("20:50").map(\.clip) == [0, 0, 0])
    #expect(try after("22:29").map(\.clip) == [301, 0, 0])
    #expect(
      try after("23:04").map(\.start)
        == [0, 10, 20].map { try .seconds(moment("2026-11-22 23:04", in: berlin) + $0 * 60) })
  }
}

/// Random numbers that are the same every time.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
