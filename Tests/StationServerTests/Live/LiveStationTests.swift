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
  private func write(_ duty: LiveDuty, datagrams: Int, ending: Bool = false) throws {
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
    if ending { writer.end() }
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

  /// A twin has it; that is gone, but its transmitter not at once; then this one counts on from it.
  @Test func takesOverFromATwinWhenItsGroupIsFree() async throws {
    let address = Configuration.TwinAddress(host: "other", port: 1)
    let lab = try StationLab([["a.mp4"]]) { configuration, _ in configuration.twins = [address] }
    let registry = lab.registry(station(lab, Self.card))
    let ring = EraRecord.always([] as [Tape])
    let ssrc = StationEntry.ssrc(site: lab.configuration.site.name, number: 1)
    let elder = AirAccount(
      id: 1, began: 1, stations: [.init(number: 1, ssrc: ssrc, isLive: true, isOnStandby: false, eras: [ring])])
    await registry.meet(elder, at: address)
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 1300)
    await registry.reported(duty, Self.onAir)
    lab.pass(seconds: 10)
    await registry.heard(next: [1: 5_000_000])
    #expect(await registry.plan(clockOffset: nil).stations.isEmpty)
    #expect(await registry.groupsToHear.isEmpty, "it answers")
    #expect(registry.airs.air(1) == nil)

    lab.pass(seconds: 3)
    await registry.lost(address)
    await registry.tick()
    #expect(await registry.plan(clockOffset: nil).stations.isEmpty)
    #expect(await registry.list()[0].reason?.contains("nobody sends") == true)
    let place = GroupWatch.Place(
      group: lab.configuration.stations[0].group.description, port: 5004, interface: "lo", patience: 500_000_000)
    #expect(await registry.groupsToHear == [1: place])
    await registry.heardNobody(on: 1)
    #expect(await registry.list()[0].state == .onAir)
    let era = try #require(await registry.plan(clockOffset: nil).stations.first?.eras.first)
    #expect(era.ring == duty.ring)
    // A hundred datagrams a second, three seconds: a second more at the least, and two at the most.
    let next = try #require(registry.airs.air(1)).station.index(at: lab.now)
    #expect(5_000_400...5_000_500 ~= next)

    // The other one is back, and begins with what is on here.
    var back = AirAccount(id: 2, began: .max >> 2, stations: elder.stations)
    back.stations[0].eras = []
    #expect(await registry.heard(back, from: address))
    #expect(await registry.plan(clockOffset: nil).stations.first?.eras == [era])
  }

  /// Nobody answers, but somebody may send.
  @Test func listensBeforeItBeginsWhereThereAreTwins() async throws {
    let lab = try StationLab([["a.mp4"]]) { configuration, _ in configuration.twins = [.init(host: "other", port: 1)] }
    let registry = lab.registry(station(lab, Self.card))
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 300)
    await registry.reported(duty, Self.onAir)
    lab.pass(seconds: 2)
    #expect(await registry.plan(clockOffset: nil).stations.isEmpty)
    #expect(await registry.groupsToHear.count == 1)
    await registry.heardNobody(on: 1)
    #expect(await registry.plan(clockOffset: nil).stations.count == 1)
    #expect(await registry.groupsToHear.isEmpty)
    // After a restart its own transmitter is what would be heard.
    let again = lab.registry(station(lab, Self.card))
    await again.begin(isOnAir: true)
    #expect(await again.plan(clockOffset: nil).stations.count == 1)
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

  /// A station whose first ring has ended, and whose next one, of another format, is being made.
  private func betweenRings(_ lab: StationLab) async throws -> (StationRegistry, Configuration, ended: LiveDuty) {
    let live = station(lab, Self.card)
    let registry = lab.registry(live)
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    lab.pass(seconds: 5)
    let other = station(lab, Self.feed, format: Self.radio)
    await edit(registry, live, other)
    try write(duty, datagrams: 1, ending: true)
    await registry.reported(duty, Self.left)
    return (registry, other, duty)
  }

  private static var radio: HouseFormat {
    var radio = StationTapes.standardFormat
    radio.video = nil
    return radio
  }

  @Test(arguments: [false, true]) func aRingAfterARingMayComeTooLate(isEditedBack: Bool) async throws {
    let lab = try StationLab([["a.mp4"]])
    let (registry, other, ended) = try await betweenRings(lab)
    var duty = try #require(await registry.liveDuties().first).what
    if isEditedBack { await edit(registry, other, station(lab, Self.card)) }
    duty = try #require(await registry.liveDuties().first).what
    #expect(duty.ring != ended.ring)
    for _ in 0..<2 {
      lab.pass(seconds: 30)
      try write(duty, datagrams: 1)
      await registry.reported(duty, Self.standby)
      let next = try #require(await registry.liveDuties().first).what
      #expect(next.ring != duty.ring && next.ring != ended.ring)
      #expect(next.from >= lab.now + LiveAir.preparation)
      #expect(next.base.datagrams == 11)
      duty = next
    }
    try write(duty, datagrams: 1)
    await registry.reported(duty, Self.standby)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.map(\.ring) == [ended.ring, duty.ring])
  }

  @Test func aRingThatHasEndedIsNotTakenUp() async throws {
    let lab = try StationLab([["a.mp4"]])
    let live = station(lab, Self.card)
    let registry = lab.registry(live)
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    try write(duty, datagrams: 1, ending: true)
    lab.pass(seconds: 20)
    let again = lab.registry(live)
    await again.begin()
    let next = try #require(await again.liveDuties().first).what
    #expect(next.ring != duty.ring && next.base.datagrams == 11)
    #expect(next.from >= lab.now + LiveAir.preparation)

    // One that ends while it is on the air, although nobody asked for that.
    await registry.reported(duty, Self.left)
    #expect(await registry.liveDuties().map(\.what.ring) == [next.ring])
    #expect(await registry.liveDuties().map(\.what.base.datagrams) == [11])
  }

  /// stationd was killed, and its station plays something else from now on: recorders see to it that the ring ends.
  @Test(arguments: [false, true]) func theRingOfAnEarlierRunEndsForSomethingElse(isLive: Bool) async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let live = station(lab, Self.card)
    await edit(registry, lab.configuration, live)
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    lab.pass(seconds: 30)
    let again = lab.registry(isLive ? station(lab, Self.feed, format: Self.radio) : lab.configuration)
    await again.begin()
    let leaving = try #require(await again.liveDuties().first)
    #expect(leaving.what.ring == duty.ring && leaving.what.format == duty.format)
    let date = try #require(leaving.leave)
    #expect(date >= lab.now + LiveAir.preparation)
    try write(duty, datagrams: 5, ending: true)
    await again.reported(leaving.what, Self.left)
    if isLive {
      let next = try #require(await again.liveDuties().first).what
      #expect(next.from == date && next.base.datagrams == duty.base.datagrams + 15)
    } else {
      let eras = await again.plan(clockOffset: nil).stations[0].eras
      #expect(eras.last?.start == date)
      #expect(eras.last?.base.datagrams == duty.base.datagrams + 15)
      #expect(await again.liveDuties().isEmpty)
    }

    // Had it ended before, nobody would have to do anything for that.
    let third = lab.registry()
    await third.begin()
    #expect(await third.liveDuties().isEmpty)
    #expect(await third.plan(clockOffset: nil).stations[0].eras.last?.tapes.count == 1)
  }

  @Test func countsGoOnWhereARingHasNotBegun() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let live = station(lab, Self.card)
    await edit(registry, lab.configuration, live)
    let duty = try #require(await registry.liveDuties().first).what
    // Its sources are files until the ring is there: stationd ends before.
    let early = lab.registry(live)
    await early.begin()
    #expect(await early.plan(clockOffset: nil) == registry.plan(clockOffset: nil))
    #expect(await early.liveDuties().first?.what.base == duty.base)

    try write(duty, datagrams: 1)
    await registry.reported(duty, Self.standby)
    let again = lab.registry(live)
    await again.begin()
    #expect(await again.plan(clockOffset: nil) == registry.plan(clockOffset: nil))
    #expect(await again.liveDuties().map(\.what.ring) == [duty.ring])
  }

  @Test(arguments: [false, true]) func aRingThatIsLostIsFollowedByAnother(isDry: Bool) async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry(station(lab, Self.card))
    await registry.begin()
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    lab.pass(seconds: 5)
    await registry.tick()
    #expect(await registry.liveDuties().map(\.what.ring) == [duty.ring])
    if isDry {
      lab.pass(seconds: 21)
    } else {
      Scratch.remove(lab.directory.path("memory"))
    }
    await registry.tick()
    let next = try #require(await registry.liveDuties().first).what
    #expect(next.ring != duty.ring && next.base.datagrams == 10)
    #expect(next.from >= lab.now + LiveAir.preparation)
    await registry.tick()
    #expect(await registry.liveDuties().map(\.what.ring) == [next.ring])
    try write(next, datagrams: 1)
    await registry.reported(next, Self.onAir)
    lab.pass(seconds: 5)
    // The transmitter says so when nothing comes, and when something comes again.
    await registry.transmitting(faults: [1: AirFault(reason: "its recorder delivers nothing")])
    #expect(await registry.list()[0].state == .offAir)
    #expect(await registry.list()[0].reason == "its recorder delivers nothing")
    await registry.transmitting(faults: [:])
    #expect(await registry.list()[0].state == .onAir)
  }

  /// Files, a test card, and files again before anything of the card was seen: nothing has happened.
  @Test(arguments: [false, true]) func anEditBackInTimeTakesTheRingOff(isThere: Bool) async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 100)
    let before = await registry.plan(clockOffset: nil)
    let live = station(lab, Self.card)
    await edit(registry, lab.configuration, live)
    let duty = try #require(await registry.liveDuties().first).what
    if isThere {
      try write(duty, datagrams: 1)
      await registry.reported(duty, Self.standby)
    }
    lab.pass(seconds: 1)
    await edit(registry, live, lab.configuration)
    #expect(await registry.liveDuties().isEmpty)
    #expect(!Scratch.exists(duty.ring))
    #expect(await registry.plan(clockOffset: nil) == before)
  }

  @Test func editsInQuickSuccessionEndWithTheLast() async throws {
    let lab = try StationLab([["a.mp4"]])
    let files = lab.configuration
    let (card, feed) = (station(lab, Self.card), station(lab, Self.feed))
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 100)
    await edit(registry, files, card)
    let first = try #require(await registry.liveDuties().first).what
    try write(first, datagrams: 1)
    await registry.reported(first, Self.standby)
    lab.pass(seconds: (first.from - lab.now).inSeconds - 1)
    // Too late to take it off: it begins, and ends.
    await edit(registry, card, files)
    try await lab.recordAll(registry)
    let leave = try #require(await registry.liveDuties().first?.leave)
    #expect(leave > first.from)
    // Edits while it leaves are seen when it has.
    await edit(registry, files, feed)
    #expect(await registry.liveDuties().map(\.what.ring) == [first.ring])
    try write(first, datagrams: 4, ending: true)
    await registry.reported(first, Self.left)
    let second = try #require(await registry.liveDuties().first).what
    #expect(second.base.datagrams == first.base.datagrams + 5 && second.from == leave)
    // Back to files before the second ring is there.
    await edit(registry, feed, files)
    try await lab.recordAll(registry)
    #expect(await registry.liveDuties().isEmpty)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    try #require(eras.map(\.ring) == [nil, first.ring, nil])
    #expect(eras[2].start >= lab.now + StationEras.notice)
    #expect(eras[2].base.datagrams == first.base.datagrams + 5)
    // And once more live, before that has begun.
    await edit(registry, files, feed)
    let third = try #require(await registry.liveDuties().first).what
    #expect(third.from >= eras[2].start)
    lab.pass(seconds: 20)
    #expect(await registry.list()[0].state == .onAir)
  }

  @Test func aStationThatIsLeavingCanBeTakenOff() async throws {
    let lab = try StationLab([["a.mp4"], ["b.mp4"]])
    let live = station(lab, Self.card)
    let registry = lab.registry(lab.configuration)
    await registry.begin()
    try await lab.recordAll(registry)
    await edit(registry, lab.configuration, live)
    let duty = try #require(await registry.liveDuties().first).what
    try write(duty, datagrams: 10)
    await registry.reported(duty, Self.onAir)
    lab.pass(seconds: 10)
    await edit(registry, live, lab.configuration)
    try await lab.recordAll(registry)
    #expect(await registry.liveDuties().first?.leave != nil)
    var without = lab.configuration
    without.stations.removeFirst()
    await edit(registry, lab.configuration, without)
    #expect(await registry.liveDuties().isEmpty)
    #expect(!Scratch.exists(duty.ring))
    try write(duty, datagrams: 1, ending: true)
    await registry.reported(duty, Self.left)
    await registry.tick()
    #expect(await registry.list().map(\.number) == [2])
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
