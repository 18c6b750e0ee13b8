import FoundationEssentials
import Playout
import SyntheticTape
import Tape
import Testing
import Timetables
import TransportStream

@testable import StationServer

/// A station with a timetable, in simulated time: what is printed, what is worked out and what is sent are the same.
@Suite struct TimetableAirTests {
  /// Seconds of each file; the card's are two.
  static let lengths = [
    "news.mp4": 47.0, "film.mp4": 95, "late.mp4": 61.4, "f1.mp4": 20, "f2.mp4": 33.36, "f3.mp4": 41, "f4.mp4": 27,
  ]

  static func lab(_ fillers: [String] = ["f1.mp4", "f2.mp4", "f3.mp4", "f4.mp4"], minutes: Int = 30) throws
    -> StationLab
  {
    try StationLab([Array(lengths.keys)]) { configuration, directory in
      func rotation(_ names: [String], shuffle: Int? = nil) -> Rotation {
        Rotation(names.map { .file(ProgrammeSource(file: directory.path($0))) }, shuffle: shuffle)
      }
      var entries: [Timetable.Entry] = []
      var programmes: [Rotation] = []
      func add(_ seconds: Int, _ start: Timetable.Start, _ days: Timetable.Days, _ names: [String]) throws {
        entries.append(.init(at: try #require(TimeOfDay(seconds: seconds)), days: days, start: start))
        programmes.append(rotation(names))
      }
      for second in stride(from: 0, to: 86_400, by: minutes * 60) {
        try add(second, .sharp, .daily, ["news.mp4"])
        try add(second + 150, .afterwards, .weekdays([.saturday, .sunday]), ["film.mp4", "late.mp4"])
        try add(second + 290, .afterwards, .daily, ["late.mp4"])
      }
      try add(86_400 - 40, .sharp, .daily, ["film.mp4"])
      let file = Array(try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin")))
      configuration.stations[0].source = .schedule(
        Schedule(
          timetable: Timetable(
            zone: try TimeZoneRules(name: "Europe/Berlin", file: file), entries: entries, fillerShuffle: 7),
          programmes: programmes, fillers: rotation(fillers, shuffle: 7)))
    }
  }

  /// Makes all tapes that are asked for, but those of some files.
  func record(_ lab: StationLab, _ registry: StationRegistry, but missing: Set<String> = []) async throws {
    while true {
      let recordings = await registry.startRecordings()
      if recordings.isEmpty { return }
      for recording in recordings {
        let name = recording.request.source.map { Paths.lastComponent(of: $0.path) }
        if let name, missing.contains(name) { continue }
        let seconds = name.flatMap { Self.lengths[$0] } ?? 2
        try SyntheticTape(milliseconds: Int(seconds * 1000)).write(to: recording.output)
        await registry.finished(recording.request, .done)
      }
    }
  }

  func station(_ registry: StationRegistry) async throws -> Station {
    let plan = try #require(await registry.plan(clockOffset: nil).stations.first)
    var open = OpenTapes()
    let eras = try plan.eras.map { try Era($0, from: &open) }
    return try #require(Station(identity: plan.identity, eras: eras))
  }

  /// Nothing fills the time between the news at 15:00 and those at 15:30: the list says until when the card is shown.
  @Test func aGapSaysWhatItIsBefore() async throws {
    let lab = try Self.lab([])
    let registry = lab.registry()
    await registry.begin()
    try await record(lab, registry)
    lab.pass(seconds: 25 * 60)
    await registry.tick()
    let summary = await registry.list()[0]
    #expect(summary.state == .standby)
    #expect(summary.reason == "until 15:30: news")
    #expect(summary.now == nil && summary.next?.title == "news")
    #expect(summary.next.map { $0.start - lab.now.inSeconds } == 300)
  }

  /// What a station has on from one date to another.
  func shown(_ station: Station, from first: Ticks, to last: Ticks) -> [OnAir] {
    var shown = [station.onAir(at: first)]
    while let end = shown.last?.end, end < last { shown.append(station.onAir(at: end)) }
    return shown
  }

  static func date(_ text: String) throws -> Ticks {
    try #require(ForecastText(zone: .utc).date(text, now: .zero))
  }

  @Test(arguments: [["f1.mp4", "f2.mp4", "f3.mp4", "f4.mp4"], []])
  func whatIsPrintedIsWhatIsSent(fillers: [String]) async throws {
    let lab = try Self.lab(fillers)
    // Cards are short, and so are the plans of them.
    let spans =
      fillers.isEmpty ? [("2027-03-28T00:00:00Z", 3)] : [("2027-03-25T22:00:00Z", 168), ("2027-10-29T22:00:00Z", 72)]
    let step = Ticks.seconds(fillers.isEmpty ? 120 : 1_800)
    for (first, hours) in spans {
      lab.pass(seconds: (try Self.date(first) - lab.now).inSeconds)
      // As after a start of the machine: whatever was on long ago is of no use.
      Scratch.remove(lab.configuration.tapes + "/air")
      let registry = lab.registry()
      await registry.begin()
      try await record(lab, registry)

      let begin = lab.now
      let last = begin + .seconds(Int64(hours) * 3_600)
      let entry = try #require(await registry.entries[1])
      guard case .schedule(let schedule) = entry.configuration.source else { return }
      let card = try #require(entry.intermission).key
      let guide = entry.tapes.guide(schedule, entry.review, card: nil)
      let forecast = Forecast(
        lab.configuration.stations[0], of: lab.configuration, now: begin, from: begin, to: last)
      #expect(forecast.faults == [])

      // The air, step by step, each of them with another plan behind the last.
      var aired: [OnAir] = []
      var steps = 0
      var checked = 0
      while lab.now < last {
        _ = await registry.tick()
        let station = try await station(registry)
        let now = lab.now
        let shown = shown(station, from: now, to: now + step)
        for item in shown where item.start > (aired.last?.start ?? .zero) { aired.append(item) }
        // To the datagram: the last one before, the first one of each.
        for item in shown.dropFirst() where steps % 12 == 0 {
          let n = station.index(at: item.start)
          let (before, at) = (station.cursor(at: n - 1), station.cursor(at: n))
          #expect(before.date < item.start && item.start <= at.date && at.date < item.start + .milliseconds(40))
          checked += 1
        }
        if steps % 60 == 3 { try check(station, around: shown[1].start) }
        lab.pass(seconds: step.inSeconds)
        steps += 1
      }
      #expect(checked > 20)

      // What was worked out, the same for everybody.
      let items = guide.resolver.items(from: begin, to: last)
      var places = aired[...]
      for item in items where item.start >= begin && item.end <= last {
        if let clip = item.clip {
          while let card = places.first, card.tape.contains("/cards/"), card.end <= item.start { places.removeFirst() }
          guard let place = places.popFirst() else { break }
          #expect((place.start, place.end) == (item.start, item.end))
          #expect(place.tape == guide.tapes[clip]?.path)
          guard place.start == item.start, place.end == item.end else { return }
        }
      }
      #expect(places.count { !$0.tape.contains("/cards/") } <= 2)

      // What was printed.
      var printed = forecast.items[...]
      for item in aired where item.start >= begin && item.end <= last && !item.tape.contains(card) {
        while let next = printed.first, next.kind == .card || Ticks(next.start) < begin { printed.removeFirst() }
        guard let next = printed.popFirst() else { break }
        #expect((next.start, next.end) == (item.start.count, item.end.count))
        guard next.start == item.start.count else { return }
      }
      #expect(aired.count > hours * 20)
    }
  }

  /// Not one fault in what is sent around a date.
  func check(_ station: Station, around date: Ticks) throws {
    var checker = StreamChecker()
    var cursor = station.cursor(at: station.index(at: date - .seconds(3)))
    var bytes = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
    while cursor.date < date + .seconds(3) {
      var span = bytes.mutableSpan
      let length = cursor.write(into: &span)
      checker.check(bytes.span.extracting(0..<length), arrival: cursor.date)
      cursor.advance()
    }
    #expect(checker.report().faults == [])
  }

  @Test func aTapeThatGetsReadyIsTakenUpWithoutASeam() async throws {
    let lab = try Self.lab()
    lab.pass(seconds: (try Self.date("2027-01-11T09:01:00Z") - lab.now).inSeconds)
    let registry = lab.registry()
    await registry.begin()
    try await record(lab, registry, but: ["late.mp4"])
    // Its card was on until there was anything else.
    lab.pass(seconds: 10)
    let before = try await station(registry)
    #expect(await registry.list()[0].state == .onAir)
    let onAir = before.onAir(at: lab.now)
    lab.pass(seconds: 3)
    // The one that was still being made.
    let entry = try #require(await registry.entries[1])
    let wanted = entry.review.wanted.map(\.request)
    #expect(wanted.count == 1)
    for request in wanted {
      let path = await registry.shelf.path(of: request)
      let name = Paths.lastComponent(of: try #require(request.source).path)
      try SyntheticTape(milliseconds: Int((Self.lengths[name] ?? 0) * 1000)).write(to: path)
      await registry.finished(request, .done)
    }
    let after = try await station(registry)
    #expect(after.onAir(at: lab.now) == before.onAir(at: lab.now) || after.onAir(at: lab.now).end == onAir.end)
    #expect(after.index(at: onAir.end) == before.index(at: onAir.end))
    try check(after, around: onAir.end)
    let (first, last) = (try Self.date("2027-01-11T09:30:00Z"), try Self.date("2027-01-11T10:00:00Z"))
    let path = await registry.shelf.path(of: wanted[0])
    #expect(shown(after, from: first, to: last).contains { $0.tape == path })
    #expect(!shown(before, from: first, to: last).contains { $0.tape == path })
    #expect(after.onAir(at: first).start == first)

    // A restart changes nothing.
    let plan = await registry.plan(clockOffset: nil)
    let again = lab.registry()
    await again.begin()
    #expect(await again.plan(clockOffset: nil) == plan)
    lab.pass(seconds: 60)
    _ = await again.tick()
    // But that what is over need not be sent any more.
    let later = try #require(await again.plan(clockOffset: nil).stations.first?.eras)
    #expect(!later.isEmpty && plan.stations.first.map { $0.eras.suffix(later.count) } == later[...])
  }

  @Test func directoriesAreWatched() async throws {
    let lab = try StationLab([["a.mp4"]]) { configuration, directory in
      try Scratch.makeDirectory(directory.path("music"))
      try Scratch.write("m", to: directory.path("music/m.mp3"))
      configuration.stations[0].source = .files(Rotation([.directory(directory.path("music"))]))
    }
    func look(_ registry: StationRegistry) async {
      var lists = await registry.watchedLists()
      for index in lists.indices { lists[index].look() }
      await registry.looked(at: lists)
    }
    func names(_ registry: StationRegistry) async throws -> [String] {
      try #require(await registry.entries[1]).tapes.programmes.map { Paths.lastComponent(of: $0.file) }
    }
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let count = try await station(registry).eras.last?.tapes.count
    #expect(count == 1)

    // A file that is still being copied does not join; one that has been still does.
    try Scratch.write("n", to: lab.directory.path("music/n.mp3"))
    await look(registry)
    lab.pass(seconds: 4)
    try Scratch.write("nn", to: lab.directory.path("music/n.mp3"))
    await look(registry)
    lab.pass(seconds: 4)
    await look(registry)
    #expect(try await names(registry) == ["m.mp3"])
    lab.pass(seconds: 2)
    await look(registry)
    #expect(try await names(registry) == ["m.mp3", "n.mp3"])
    try await lab.recordAll(registry)
    #expect(try await station(registry).eras.last?.tapes.count == 2)

    // One that is taken out leaves.
    Scratch.remove(lab.directory.path("music/m.mp3"))
    await look(registry)
    #expect(try await names(registry) == ["n.mp3"])
    #expect(try await station(registry).eras.last?.tapes.count == 1)
    #expect(await registry.list()[0].state != .offAir)
  }
}
