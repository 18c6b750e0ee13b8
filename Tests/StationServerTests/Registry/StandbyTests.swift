import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream
import Wire

@testable import StationServer

/// Stations that have nothing to play, and show their cards.
@Suite struct StandbyTests {
  private let house = SyntheticTape(milliseconds: 40).info.format

  /// From the first look at the source to the first programme.
  @Test func showsItsCardUntilTheFirstTapeIsReady() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let first = try #require(await registry.startRecordings().first)
    #expect(await registry.list()[0].state == .preparing)
    await registry.found(house, by: first.request)
    let card = try #require(await registry.startRecordings().first)
    #expect(card.request == TapeRequest(cardWith: ["Station 1", "preparing 0 %"], format: house))
    #expect(card.output.hasPrefix(lab.directory.path("memory/cards/")))
    try lab.record(card, milliseconds: 2000)
    await registry.finished(card.request, .done)
    let standby = await registry.list()[0]
    #expect(standby.state == .standby)
    #expect(standby.progress == 0)
    #expect(standby.now == nil)
    #expect(standby.bitrate > 0)
    #expect(registry.board.station(1)?.station.state == .standby)
    #expect(registry.board.station(1)?.video?.codec == "h264")
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.map(\.tapes) == [[card.output]])

    // The programme begins where the card ends.
    lab.pass(seconds: 30)
    try lab.record(first)
    await registry.finished(first.request, .done)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(eras.map(\.tapes) == [[card.output], [first.output]])
    let waits = (eras[1].start - lab.now).inSeconds
    #expect(2...4 ~= waits)
    #expect(eras[1].start.count % (2 * 27_000_000) == 0)
    #expect(await registry.list()[0].state == .standby)
    lab.pass(seconds: waits + 0.1)
    await registry.tick()
    #expect(registry.board.station(1)?.station.state == .onAir)
    #expect(registry.board.station(1)?.station.now?.start == eras[1].start.inSeconds)
  }

  @Test func saysHowFarItIsNowAndThen() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let first = try #require(await registry.startRecordings().first)
    await registry.found(house, by: first.request)
    #expect(try await lab.makeCards(registry).isEmpty)
    var lines: [String] = []
    for percent in 0..<100 {
      lab.pass(seconds: 0.25)
      await registry.progressed(first.request, percent: percent)
      for card in await registry.startRecordings() {
        lines.append(card.request.label)
        try lab.record(card, milliseconds: 2000)
        await registry.finished(card.request, .done)
      }
    }
    // Every four seconds, which is every sixteen percent here, in tens.
    #expect(lines == [10, 30, 40, 60, 70, 90].map { "the card \"Station 1 / preparing \($0) %\"" })
    #expect(await registry.list()[0].progress == 99)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.count <= 25)
  }

  /// However many recorders are busy.
  @Test func cardsWaitForNoProgramme() async throws {
    let lab = try StationLab([["a.mp4"], ["b.mp4"], ["c.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let busy = await registry.startRecordings()
    #expect(busy.map(lab.name) == ["a.mp4", "b.mp4"])
    await registry.found(house, by: busy[0].request)
    #expect(await registry.startRecordings().map(\.request.label) == ["the card \"Station 1 / preparing 0 %\""])
  }

  @Test func aStationWithBadFilesOnlyTakesTheStandardFormatAndKeepsIt() async throws {
    let lab = try StationLab([["bad.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let first = try #require(await registry.startRecordings().first)
    await registry.finished(first.request, .bad(reason: "it is noise"))
    let card = try #require(await registry.startRecordings().first)
    #expect(card.request == TapeRequest(cardWith: ["Station 1", "back soon"], format: StationTapes.standardFormat))
    try lab.record(card, milliseconds: 2000)
    await registry.finished(card.request, .done)
    let standby = await registry.list()[0]
    #expect(standby.state == .standby)
    #expect(standby.reason == "bad.mp4: it is noise")
    #expect(standby.progress == nil)

    // A restart changes nothing on the air.
    lab.pass(seconds: 100)
    let before = await registry.plan(clockOffset: nil)
    let again = lab.registry()
    await again.begin()
    #expect(await again.plan(clockOffset: nil) == before)
    #expect(await again.list()[0].state == .standby)
    // And the file, repaired, has to fit in.
    try Scratch.write("repaired", to: lab.directory.path("bad.mp4"))
    for _ in 0..<2 {
      lab.pass(seconds: 10)
      await lab.lookForFiles(again)
    }
    let repaired = try #require(try await lab.makeCards(again).first)
    #expect(lab.name(repaired) == "bad.mp4")
    #expect(repaired.request.format == house, "as the card on the air has it")
  }

  @Test func aStationThatLosesAllItHasShowsItsCardAtTheProgrammesEnd() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let end = try #require(await registry.list()[0].now?.end)
    await registry.damaged(await registry.readyTapes()[0].request)
    let wanted = try await lab.makeCards(registry)
    #expect(wanted.map(lab.name) == ["a.mp4"])
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(eras.count == 2)
    #expect(eras[1].start.inSeconds >= end)
    #expect(await registry.list()[0].state == .onAir)
    lab.pass(seconds: (eras[1].start - lab.now).inSeconds)
    #expect(await registry.list()[0].state == .standby)
    try lab.record(wanted[0])
    await registry.finished(wanted[0].request, .done)
    lab.pass(seconds: 5)
    #expect(await registry.list()[0].state == .onAir)
  }

  /// The first tape got ready, and stationd died before it was on the air: it is not made anew.
  @Test func goesOnFromACardAfterARestart() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let first = try #require(await registry.startRecordings().first)
    await registry.found(house, by: first.request)
    #expect(try await lab.makeCards(registry).isEmpty)
    try lab.record(first)
    let again = lab.registry()
    await again.begin()
    #expect(await again.startRecordings().isEmpty)
    #expect(await again.plan(clockOffset: nil).stations[0].eras.last?.tapes == [first.output])
    lab.pass(seconds: 5)
    #expect(await again.list()[0].state == .onAir)
  }

  @Test func oldCardsAreCleared() async throws {
    let lab = try StationLab([["a.mp4"]])
    let old = lab.directory.path("memory/cards/\(String(repeating: "0", count: 32)).ts")
    try Scratch.write("old", to: old)
    try Scratch.date(old, at: lab.now)
    let registry = lab.registry()
    lab.pass(seconds: 86_400)
    await registry.begin()
    #expect(!Scratch.exists(old))
  }

  /// Its card, long over, has been cleared when a transmitter has to begin anew, after stationd or by itself.
  @Test(arguments: [false, true])
  func aTransmitterThatBeginsAnewNeedsNoCardThatIsOver(isRestarted: Bool) async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    var registry = lab.registry()
    await registry.begin()
    let recordings = await registry.startRecordings()
    await registry.found(house, by: try #require(recordings.first).request)
    let others = await registry.startRecordings()
    let card = try #require(others.first { $0.request.source == nil })
    try lab.record(card, milliseconds: 2000)
    await registry.finished(card.request, .done)
    try lab.record(recordings[0])
    await registry.finished(recordings[0].request, .done)
    let planned = await registry.plan(clockOffset: nil).stations[0].eras.map(\.tapes)
    #expect(planned == [[card.output], [recordings[0].output]])

    for file in [card.output, "\(card.output.dropLast(3)).index"] { try Scratch.date(file, at: lab.now) }
    lab.pass(seconds: 1_200)
    if isRestarted {
      registry = lab.registry()
      await registry.begin()
    } else {
      // Tapes are cleared whenever one has been made.
      let started = await registry.startRecordings()
      let second = try #require((others + started).first { $0.request.source != nil })
      try lab.record(second)
      await registry.finished(second.request, .done)
    }
    #expect(!Scratch.exists(card.output))
    let plan = await registry.plan(clockOffset: nil)
    let missing = plan.stations[0].eras.flatMap(\.tapes).filter { !Scratch.exists($0) }
    #expect(missing.isEmpty)
    #expect(plan.stations[0].eras.first?.tapes == [recordings[0].output])
    // And a restart after that as well.
    let again = lab.registry()
    await again.begin()
    #expect(await again.plan(clockOffset: nil).stations[0].eras.first?.tapes == [recordings[0].output])
    #expect(await again.list()[0].state == .onAir)
  }
}
