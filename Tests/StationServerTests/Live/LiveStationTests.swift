import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream
import Wire

@testable import StationServer

/// Live stations in the registry: their recorders are played by the test, and write rings of null packets.
@Suite struct LiveStationTests {
  private static let standby = LiveReport(isOnDuty: true, showsSource: false, reason: "starting")
  private static let onAir = LiveReport(isOnDuty: true, showsSource: true)
  private static let left = LiveReport(isOnDuty: true, showsSource: false, hasLeft: true)
  private static let card = StationSource.live(.testCard(.init()))
  private static let feed = StationSource.live(.stream(.init(url: "udp://127.0.0.1:5000")))

  private func station(_ lab: StationLab, _ source: StationSource, format: HouseFormat? = nil) -> Configuration {
    var configuration = lab.configuration
    configuration.stations[0].source = source
    configuration.stations[0].format = format
    return configuration
  }

  private func edit(_ registry: StationRegistry, _ before: Configuration, _ after: Configuration) async {
    await registry.apply(ConfigurationEdit(said: before, says: after, running: before))
  }

  /// Makes a ring as a recorder would, with so many datagrams.
  private func write(_ duty: LiveDuty, datagrams: Int) throws {
    let file = try RingFile(path: duty.ring)
    #expect(file.tryLock() == true)
    var base = RingCounts()
    (base.slots, base.packets) = (duty.base.slots, duty.base.packets)
    var writer = try RingWriter(
      file,
      .init(
        info: RingInfo(format: duty.format, map: SyntheticTape(milliseconds: 40).map(clockPID: PID.video)), base: base,
        datagrams: 256))
    let packet: [UInt8] = [0x47, 0x1F, 0xFF, 0x10] + [UInt8](repeating: 0xFF, count: 184)
    let first = writer.counts.datagrams
    for number in first..<first + Int64(datagrams) {
      try writer.append(packet.span, date: duty.from + .milliseconds(10) * number, isRandomAccess: false)
    }
    writer.publish()
  }

  @Test func goesOnTheAirWithItsRing() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry(station(lab, Self.card))
    await registry.begin()
    #expect(await registry.list()[0].state == .preparing)
    #expect(await registry.startRecordings().isEmpty)
    let duty = try #require(await registry.liveDuties().first).what
    #expect(duty.from > lab.now && duty.from < lab.now + .seconds(1))
    #expect(duty.base == AirCounts() && !duty.isAfterTape)
    #expect(duty.format == StationTapes.standardFormat && duty.name == "Station 1")
    #expect(await registry.plan(clockOffset: nil).stations.isEmpty)

    try write(duty, datagrams: 3)
    await registry.reported(duty, Self.standby)
    let era = try #require(await registry.plan(clockOffset: nil).stations.first?.eras.first)
    #expect(era.ring == duty.ring && era.start == duty.from && era.tapes.isEmpty)
    lab.pass(seconds: 1)
    #expect(await registry.list()[0].state == .standby)
    #expect(await registry.list()[0].reason == "starting")
    await registry.reported(duty, Self.onAir)
    let summary = await registry.list()[0]
    #expect(summary.state == .onAir)
    #expect(summary.now?.title == "Test card")
    #expect(summary.now?.isOpen == true)
    #expect(registry.board.station(1)?.video?.codec == "h264")
    await registry.transmitting(rates: [1: 2_000_000])
    #expect(await registry.list()[0].bitrate == 2_000_000)
  }

  @Test func goesOnWithItsRingAfterARestart() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry(station(lab, Self.card))
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 3)
    await registry.reported(duty, Self.onAir)
    let before = await registry.plan(clockOffset: nil)
    lab.pass(seconds: 3600)
    let again = lab.registry(station(lab, Self.card))
    await again.begin()
    #expect(await again.plan(clockOffset: nil) == before)
    #expect(await again.liveDuties().map(\.what.ring) == [duty.ring])
    #expect(Scratch.exists(duty.ring))

    // Its ring gone, it begins another one.
    Scratch.remove(duty.ring)
    let third = lab.registry(station(lab, Self.card))
    await third.begin()
    #expect(await third.liveDuties().first?.what.ring != duty.ring)
  }

  @Test func followsATapeAtARandomAccessPoint() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 100)
    let live = station(lab, Self.card)
    await edit(registry, lab.configuration, live)
    let duty = try #require(await registry.liveDuties().first).what
    #expect(duty.isAfterTape)
    #expect(duty.from >= lab.now + LiveAir.preparation)
    #expect(duty.base.datagrams > 0)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.count == 1, "nothing is there to be played yet")
    try write(duty, datagrams: 1)
    await registry.reported(duty, Self.standby)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    try #require(eras.map(\.ring) == [nil, duty.ring])
    #expect(eras[1].start == duty.from)
    #expect(eras[1].base.datagrams == duty.base.datagrams)
    #expect(await registry.list()[0].state == .onAir, "with the tape")
    lab.pass(seconds: 10)
    #expect(await registry.list()[0].state == .standby)
  }

  /// Recorders that take longer to begin than they have time: the tape goes on, and they get another date.
  @Test func aRingThatComesTooLateBeginsLater() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    await edit(registry, lab.configuration, station(lab, Self.card))
    let duty = try #require(await registry.liveDuties().first).what
    lab.pass(seconds: 60)
    try write(duty, datagrams: 1)
    await registry.reported(duty, Self.standby)
    let second = try #require(await registry.liveDuties().first).what
    #expect(second.ring != duty.ring)
    #expect(second.from >= lab.now + LiveAir.preparation)
    #expect(!Scratch.exists(duty.ring))
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.map(\.ring) == [nil])
  }

  @Test func tapesFollowWhatItsRecorderHasSent() async throws {
    let lab = try StationLab([["a.mp4"]])
    let live = station(lab, Self.card)
    let registry = lab.registry(live)
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    lab.pass(seconds: 5)
    await edit(registry, live, lab.configuration)
    #expect(await registry.liveDuties().first?.leave == nil, "there is nothing else to play yet")
    #expect(await registry.list()[0].state == .onAir)
    try await lab.recordAll(registry)
    let assignment = try #require(await registry.liveDuties().first)
    let date = try #require(assignment.leave)
    #expect(date >= lab.now + StationEras.notice && date.count % 300 == 0)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.count == 1)

    try write(duty, datagrams: 5)
    await registry.reported(duty, Self.left)
    #expect(await registry.liveDuties().isEmpty)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    try #require(eras.map(\.tapes.count) == [0, 1])
    #expect(eras[1].start == date)
    #expect(eras[1].base.datagrams == 15)
    lab.pass(seconds: 10)
    #expect(await registry.list()[0].now?.title == "a")
  }

  @Test func anotherSourceGoesIntoTheSameRing() async throws {
    let lab = try StationLab([["a.mp4"]])
    let live = station(lab, Self.card)
    let registry = lab.registry(live)
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    let before = await registry.plan(clockOffset: nil)
    await edit(registry, live, station(lab, Self.feed))
    let other = try #require(await registry.liveDuties().first)
    #expect(other.leave == nil && other.what.ring == duty.ring)
    #expect(other.what.source == .stream(.init(url: "udp://127.0.0.1:5000")))
    #expect(await registry.plan(clockOffset: nil) == before)
  }

  @Test func anotherFormatMakesAnotherRing() async throws {
    let lab = try StationLab([["a.mp4"]])
    let live = station(lab, Self.card)
    let registry = lab.registry(live)
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    lab.pass(seconds: 5)
    var radio = StationTapes.standardFormat
    radio.video = nil
    await edit(registry, live, station(lab, Self.feed, format: radio))
    let date = try #require(await registry.liveDuties().first?.leave)
    await registry.reported(duty, Self.left)
    let other = try #require(await registry.liveDuties().first)
    #expect(other.what.from == date && other.what.isAfterTape && other.what.format == radio)
    #expect(other.what.base.datagrams == 10)
    try write(other.what, datagrams: 1)
    await registry.reported(other.what, Self.standby)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(eras.map(\.ring) == [duty.ring, other.what.ring])
  }

  @Test func aRecorderThatDoesNotLeaveIsGivenUp() async throws {
    let lab = try StationLab([["a.mp4"]])
    let live = station(lab, Self.card)
    let registry = lab.registry(live)
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    await edit(registry, live, lab.configuration)
    try await lab.recordAll(registry)
    lab.pass(seconds: 10)
    await registry.tick()
    #expect(await registry.liveDuties().isEmpty)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.map(\.tapes.count) == [0, 1])
  }

  @Test func nothingIsLeftOfAStationThatIsTakenOff() async throws {
    let lab = try StationLab([["a.mp4"], ["b.mp4"]])
    let live = station(lab, Self.card)
    let registry = lab.registry(live)
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    var without = live
    without.stations.removeFirst()
    await edit(registry, live, without)
    #expect(await registry.liveDuties().isEmpty)
    #expect(!Scratch.exists(duty.ring))
  }
}
