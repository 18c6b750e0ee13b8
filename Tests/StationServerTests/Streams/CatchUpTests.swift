import Playout
import SyntheticTape
import Testing
import TransportStream
import Wire

@testable import StationServer

/// How far back streams reach: over eras that are over, restarts, and no gap.
@Suite struct CatchUpTests {
  /// A station that gets another programme every ten minutes, and with each another era.
  private func run(
    _ lab: StationLab, _ registry: StationRegistry, programmes: Int, _ waiting: inout [Recording]
  ) async throws {
    for _ in 0..<programmes {
      waiting += await registry.startRecordings()
      let recording = waiting.removeFirst()
      try lab.record(recording)
      await registry.finished(recording.request, .done)
      lab.pass(seconds: 600)
    }
  }

  @Test func reachesBackOverErasAndRestarts() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4", "c.mp4", "d.mp4"]])
    let registry = lab.registry()
    var waiting: [Recording] = []
    await registry.begin()
    let began = lab.now
    var heard: [Int64: [UInt8]] = [:]
    try await run(lab, registry, programmes: 1, &waiting)
    let first = try #require(registry.airs.air(1))
    for n in [0, 1, 500].map({ first.station.index(at: began) + $0 }) { heard[n] = first.frame(n) }
    try await run(lab, registry, programmes: 3, &waiting)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    let air = try #require(registry.airs.air(1))
    #expect(eras.count < air.station.eras.count, "streams know more than the transmitter")
    for (n, frame) in heard { #expect(air.frame(n) == frame) }
    let date = try #require(air.station.date(of: heard.keys.min() ?? 0))
    #expect(air.station.randomAccessPoint(notAfter: date).map { $0 <= heard.keys.min() ?? 0 } == true)

    let again = lab.registry()
    await again.begin()
    let after = try #require(again.airs.air(1))
    #expect(after.station.eras.map(\.record) == air.station.eras.map(\.record))
    #expect(await again.plan(clockOffset: nil).stations[0].eras.count == eras.count)
    for (n, frame) in heard { #expect(after.frame(n) == frame) }
  }

  /// Before the first programme only the card was on: nobody asks for that.
  @Test func beginsWithTheFirstProgramme() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let first = try #require(await registry.startRecordings().first)
    await registry.found(SyntheticTape(milliseconds: 40).info.format, by: first.request)
    _ = try await lab.makeCards(registry)
    lab.pass(seconds: 30)
    func opening(_ request: StreamRequest) throws -> StreamOpening {
      let air = try #require(registry.airs.air(1))
      return try #require(StreamOpening(request, air, now: lab.now, clockError: nil))
    }
    var card = try opening(.init(station: 1, at: lab.now.inSeconds - 20))
    #expect(card.reply.earliest == lab.now.inSeconds, "there is no programme yet")
    #expect(card.reply.date <= lab.now.inSeconds - 20)
    try lab.record(first)
    await registry.finished(first.request, .done)
    lab.pass(seconds: 20)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(eras.count == 2, "the card's era is remembered for a minute")
    let opened = try opening(.init(station: 1, at: lab.now.inSeconds - 40))
    #expect(opened.reply.earliest == eras[1].start.inSeconds)
    #expect((0..<0.04).contains(opened.reply.date - eras[1].start.inSeconds))
    // What is on just now, and what is asked for by number, is not judged.
    card = try opening(.init(station: 1, back: 30))
    #expect(card.reply.date < eras[1].start.inSeconds)
  }

  @Test func forgetsWhatIsOverForADay() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4", "c.mp4", "d.mp4"]])
    let registry = lab.registry()
    var waiting: [Recording] = []
    await registry.begin()
    try await run(lab, registry, programmes: 4, &waiting)
    #expect(try #require(registry.airs.air(1)).station.eras.count == 4)
    lab.pass(seconds: 86_400 - 1_500)
    // The next change: a programme leaves.
    var next = lab.configuration
    if case .files(var files) = next.stations[0].source {
      files.items.removeLast()
      next.stations[0].source = .files(files)
    }
    await registry.apply(ConfigurationEdit(said: lab.configuration, says: next, running: lab.configuration))
    let records = try #require(registry.airs.air(1)).station.eras.map(\.record)
    #expect(records.count == 4 && records[0].tapes.count == 2, "the first is over for more than a day")
  }
}
