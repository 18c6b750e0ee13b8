import Dispatch
import Logging
import Playout
import Synchronization
import SyntheticTape
import Tape
import Testing
import TransportStream
import Wire

@testable import StationServer

/// A registry in a directory of its own, its recorders played by the test, its clock turned by hand.
final class StationLab: Sendable {
  let directory: TemporaryDirectory
  let configuration: Configuration
  private let steady = Mutex<Int64>(0)
  /// 2026-11-22 14:00:00 UTC.
  static let start: Int64 = 1_795_356_000_000_000_000

  init(
    _ stations: [[String]], change: (inout Configuration, TemporaryDirectory) throws -> Void = { _, _ in }
  ) throws {
    directory = try TemporaryDirectory()
    var configuration = try Scratch.configuration(directory, stations)
    try change(&configuration, directory)
    self.configuration = configuration
    try Scratch.makeDirectory(configuration.tapes)
    try Scratch.makeDirectory(directory.path("memory/cards"))
  }

  /// What stationd would have after a start: the same files, nothing in memory.
  func registry(_ configuration: Configuration? = nil) -> StationRegistry {
    let clock = AirTime(offset: Self.start) { self.steady.withLock(\.self) }
    return StationRegistry(
      configuration ?? self.configuration, slots: 2, memory: MemoryDirectory(path: directory.path("memory")),
      clock: clock,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  func pass(seconds: Double) { steady.withLock { $0 += Int64(seconds * 1e9) } }

  var now: Ticks { Ticks(nanoseconds: Self.start + steady.withLock(\.self)) }

  /// Makes one tape as a recorder would.
  func record(_ recording: Recording, milliseconds: Int = 4000, isRadio: Bool = false) throws {
    try SyntheticTape(milliseconds: milliseconds, isRadio: isRadio).write(to: recording.output)
  }

  /// Lets recorders make all that is asked for, in turn.
  func recordAll(_ registry: StationRegistry, isRadio: Bool = false) async throws {
    while true {
      let recordings = await registry.startRecordings()
      if recordings.isEmpty { return }
      for recording in recordings {
        try record(recording, isRadio: isRadio)
        await registry.finished(recording.request, .done)
      }
    }
  }

  /// Makes the cards that are asked for, as a recorder would; returns what else is asked for.
  func makeCards(_ registry: StationRegistry, isRadio: Bool = false) async throws -> [Recording] {
    var others: [Recording] = []
    for recording in await registry.startRecordings() {
      guard recording.request.source == nil else {
        others.append(recording)
        continue
      }
      try record(recording, milliseconds: 2000, isRadio: isRadio)
      await registry.finished(recording.request, .done)
    }
    return others
  }

  /// Looks at the files that could not be played, as the lookout does.
  func lookForFiles(_ registry: StationRegistry) async {
    var lost = await registry.lostSources()
    for index in lost.indices { lost[index].look() }
    await registry.looked(at: lost)
  }

  func name(_ recording: Recording) -> String { Paths.lastComponent(of: recording.request.label) }
}

private final class Count: Sendable {
  let value = Mutex(0)
}

@Suite struct StationRegistryTests {
  @Test func goesOnTheAirWithItsFirstTapeAndTakesUpTheOthers() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    #expect(await registry.list()[0].state == .preparing)
    #expect(await registry.plan(clockOffset: nil).stations.isEmpty)

    // The first tape alone, for its format is the house format.
    let first = await registry.startRecordings()
    #expect(first.map(lab.name) == ["a.mp4"])
    #expect(first[0].request.format == nil)
    await registry.progressed(first[0].request, percent: 40)
    #expect(await registry.list()[0].progress == 40)
    try lab.record(first[0])
    await registry.finished(first[0].request, .done)
    let onAir = await registry.list()[0]
    #expect(onAir.state == .onAir)
    #expect(onAir.now?.title == "a")
    #expect(onAir.next?.title == "a")
    #expect(onAir.bitrate > 0)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.count == 1)

    let second = await registry.startRecordings()
    #expect(second.map(lab.name) == ["b.mp4"])
    #expect(second[0].request.format == SyntheticTape(milliseconds: 40).info.format)
    #expect(second[0].request.card == "Station 1")
    try lab.record(second[0])
    await registry.finished(second[0].request, .done)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(eras.count == 2)
    #expect(eras[1].tapes == [first[0].output, second[0].output])
    #expect(eras[1].start >= lab.now + .seconds(2))
    // The new schedule goes on where the old programme ends.
    lab.pass(seconds: (eras[1].start - lab.now).inSeconds + 0.5)
    #expect(await registry.list()[0].now?.title == "b")
    #expect(await registry.list()[0].now?.start == eras[1].start.inSeconds)
  }

  @Test func goesOnAfterARestartAsIfNothingHadHappened() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"], ["c.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    lab.pass(seconds: 3600)
    let before = await registry.plan(clockOffset: nil)
    let again = lab.registry()
    await again.begin()
    let after = await again.plan(clockOffset: nil)
    #expect(after == before)
    #expect(await again.startRecordings().isEmpty)
    #expect(await again.list().map(\.state) == [.onAir, .onAir])
  }

  @Test func aFirstProgrammeThatWasReplacedHoldsUpNoOther() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let before = try #require(await registry.plan(clockOffset: nil).stations[0].eras.last)
    lab.pass(seconds: 3600)
    try Scratch.write("another", to: lab.directory.path("a.mp4"))
    let again = lab.registry()
    await again.begin()
    #expect(await again.list()[0].state == .onAir)
    // What is on the air ends as announced; then the programme that is ready follows.
    let eras = await again.plan(clockOffset: nil).stations[0].eras
    #expect(eras.dropLast().last == before)
    #expect(eras.last?.tapes == [before.tapes[1]])
    let wanted = await again.startRecordings()
    #expect(wanted.map(lab.name) == ["a.mp4"])
    #expect(wanted[0].request.format == SyntheticTape(milliseconds: 40).info.format)
    // If nothing of it is wanted any more, the format is the new file's.
    try Scratch.write("another", to: lab.directory.path("b.mp4"))
    let other = lab.registry()
    await other.begin()
    #expect(await other.startRecordings().map(\.request.format) == [nil])
  }

  /// A film that was still being copied when its recorder looked at it.
  @Test func aFileThatWasNotCompleteIsTriedAgain() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let first = await registry.startRecordings()
    await registry.finished(first[0].request, .bad(reason: "is no media file"))
    try await lab.recordAll(registry)
    #expect(await registry.list()[0].state == .onAir)
    func wanted(after seconds: Double) async -> [Recording] {
      lab.pass(seconds: seconds)
      await lab.lookForFiles(registry)
      return await registry.startRecordings()
    }
    #expect(await wanted(after: 60).isEmpty, "it is the same file as before")
    for size in 1...5 {
      try Scratch.write(String(repeating: "grows", count: size), to: lab.directory.path("a.mp4"))
      #expect(await wanted(after: 4).isEmpty, "it is still being written")
    }
    let again = await wanted(after: 60)
    #expect(again.map(lab.name) == ["a.mp4"])
    #expect(again.first?.request.format == SyntheticTape(milliseconds: 40).info.format)
    let recording = try #require(again.first)
    try lab.record(recording)
    await registry.finished(recording.request, .done)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.last?.tapes.count == 2)
    // And not for ever.
    #expect(await wanted(after: 60).isEmpty)
  }

  @Test func aFileThatComesBackIsTried() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    Scratch.remove(lab.directory.path("b.mp4"))
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    try Scratch.write("back", to: lab.directory.path("b.mp4"))
    for _ in 0..<2 {
      lab.pass(seconds: 10)
      await lab.lookForFiles(registry)
    }
    #expect(await registry.startRecordings().map(lab.name) == ["b.mp4"])
  }

  /// A network file system that has gone: whoever looks at a file there waits.
  @Test func aFileSystemThatHangsHoldsUpNobody() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    Scratch.remove(lab.directory.path("b.mp4"))
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let looks = Count()
    let hang = DispatchSemaphore(value: 0)
    let lookout = SourceLookout(registry: registry, period: .milliseconds(1)) { _ in
      looks.value.withLock { $0 += 1 }
      hang.wait()
    }
    let running = Task { try await lookout.run() }
    for _ in 0..<1000 where looks.value.withLock(\.self) == 0 { try await Task.sleep(for: .milliseconds(5)) }
    try await Task.sleep(for: .milliseconds(20))
    #expect(looks.value.withLock(\.self) == 1)
    #expect(await registry.list().count == 1)
    running.cancel()
    try await running.value
    hang.signal()
  }

  /// Its files are another file system's: they are looked at on and on.
  @Test func aFileSystemThatHangsHoldsUpNoOtherStation() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"], ["c.mp4", "d.mp4"]])
    for file in ["b.mp4", "d.mp4"] { Scratch.remove(lab.directory.path(file)) }
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let looks = (Count(), Count())
    let hang = DispatchSemaphore(value: 0)
    let lookout = SourceLookout(registry: registry, period: .milliseconds(1)) { lost in
      guard lost.station == 1 else { return looks.1.value.withLock { $0 += 1 } }
      looks.0.value.withLock { $0 += 1 }
      hang.wait()
    }
    let running = Task { try await lookout.run() }
    for _ in 0..<1000 where looks.1.value.withLock(\.self) < 10 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(looks.0.value.withLock(\.self) == 1)
    #expect(looks.1.value.withLock(\.self) >= 10)
    running.cancel()
    try await running.value
    hang.signal()
  }

  @Test func playsFromTheBeginningOfTimeWhenAllTapesAreThere() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    Scratch.remove(lab.directory.path("tapes/air"))
    let again = lab.registry()
    await again.begin()
    let eras = await again.plan(clockOffset: nil).stations[0].eras
    #expect(eras.count == 1)
    #expect(eras[0].anchor == .zero)
    #expect(eras[0].tapes.count == 2)
  }

  @Test func replansAnEraThatNobodyHasSeen() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4", "c.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let first = await registry.startRecordings()
    try lab.record(first[0], milliseconds: 60_000)
    await registry.finished(first[0].request, .done)
    try await lab.recordAll(registry)
    let eras = await registry.plan(clockOffset: nil).stations[0].eras
    #expect(eras.map(\.tapes.count) == [1, 3])
  }

  @Test func forgetsErasLongOver() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4", "c.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    for _ in 0..<3 {
      let recordings = await registry.startRecordings()
      let recording = try #require(recordings.first)
      for recording in recordings { try lab.record(recording) }
      await registry.finished(recording.request, .done)
      for recording in recordings.dropFirst() { await registry.finished(recording.request, .done) }
      lab.pass(seconds: 120)
      if recordings.count > 1 { break }
    }
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.count <= 2)
  }

  @Test func oneBadStationHoldsUpNoOther() async throws {
    let lab = try StationLab([["bad.mp4"], ["good.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    for recording in await registry.startRecordings() {
      if lab.name(recording) == "bad.mp4" {
        await registry.finished(recording.request, .bad(reason: "it is noise"))
      } else {
        try lab.record(recording)
        await registry.finished(recording.request, .done)
      }
    }
    let list = await registry.list()
    #expect(list.map(\.state) == [.offAir, .onAir])
    #expect(list[0].reason == "bad.mp4: it is noise")
    #expect(try await lab.makeCards(registry).isEmpty)

    // Not tried again by the next stationd either, until the file is another.
    let again = lab.registry()
    await again.begin()
    #expect(try await lab.makeCards(again).isEmpty)
    #expect(await again.list()[0].reason == list[0].reason)
    try Scratch.write("repaired", to: lab.directory.path("bad.mp4"))
    let repaired = lab.registry()
    await repaired.begin()
    #expect(try await lab.makeCards(repaired).map(lab.name) == ["bad.mp4"])
  }

  @Test func aFileThatWentAwaySinceTheConfigurationWasReadIsAFault() async throws {
    let lab = try StationLab([["a.mp4"], ["b.mp4"]])
    Scratch.remove(lab.directory.path("a.mp4"))
    let registry = lab.registry()
    await registry.begin()
    let list = await registry.list()
    #expect(list.map(\.state) == [.offAir, .preparing])
    #expect(list[0].reason == "a.mp4: is not there any more")
  }

  @Test func theNextProgrammeGivesTheFormatWhenTheFirstIsBad() async throws {
    let lab = try StationLab([["bad.mp4", "radio.mp3", "c.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    let bad = await registry.startRecordings()
    await registry.finished(bad[0].request, .bad(reason: "it is noise"))
    let radio = await registry.startRecordings()
    #expect(radio.map(lab.name) == ["radio.mp3"])
    #expect(radio[0].request.format == nil)
    try lab.record(radio[0], isRadio: true)
    await registry.finished(radio[0].request, .done)
    #expect(await registry.list()[0].radio)
    let next = await registry.startRecordings()
    #expect(next.map(lab.name) == ["c.mp4"])
    #expect(next[0].request.format?.video == nil)
    #expect(next[0].request.card == nil)
  }

  @Test func aCrashingRecorderHoldsUpTheOthersThreeTimesOnly() async throws {
    let lab = try StationLab([["crash.mp4", "b.mp4"], ["crash.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    for attempt in 1...3 {
      let recordings = await registry.startRecordings()
      #expect(recordings.map(lab.name) == ["crash.mp4"])
      await registry.finished(recordings[0].request, .failed(reason: "signal 11"))
      #expect(await registry.list().map(\.state) == (attempt < 3 ? [.preparing, .preparing] : [.preparing, .offAir]))
      if attempt < 3 {
        #expect(await registry.startRecordings().isEmpty)
        lab.pass(seconds: attempt == 1 ? 1 : 4)
      }
    }
    // The station that has nothing else shows its card, and its file is tried in that one's format.
    let others = try await lab.makeCards(registry)
    #expect(others.map(lab.name) == ["crash.mp4", "b.mp4"])
    #expect(await registry.list().map(\.state) == [.preparing, .standby])
    try lab.record(others[1])
    await registry.finished(others[1].request, .done)
    #expect(await registry.list()[0].state == .onAir)
    // After a restart it holds up nothing any more.
    let again = lab.registry()
    await again.begin()
    #expect(await again.list()[0].state == .onAir)
    // It is still tried, now in the house format, and taken up when it works.
    lab.pass(seconds: 300)
    try await lab.recordAll(registry)
    #expect(await registry.plan(clockOffset: nil).stations[0].eras.last?.tapes.count == 2)
  }

  @Test func aDamagedTapeIsMadeAnewWhileTheStationStaysOn() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let tape = await registry.readyTapes()[0]
    await registry.damaged(tape.request)
    #expect(await registry.list()[0].state == .onAir)
    #expect(!Scratch.exists(tape.output))
    #expect(try await lab.makeCards(registry).map(lab.name) == ["a.mp4"])
  }

  @Test func aTapeThatDoesNotOpenIsMadeAnew() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let tape = await registry.readyTapes()[0]
    try Scratch.write("junk", to: "\(tape.output.dropLast(3)).index")
    let again = lab.registry()
    await again.begin()
    #expect(await again.list()[0].state == .preparing)
    #expect(await again.startRecordings().map(lab.name) == ["a.mp4"])
  }

  @Test func writesOnTheBoardWhatChanges() async throws {
    let lab = try StationLab([["a.mp4", "b.mp4"], ["c.mp4"], ["d.mp4"]])
    let registry = lab.registry()
    let board = registry.board
    let news = Mutex<[Set<Int>]>([])
    board.tellNews { told in news.withLock { $0.append(Set(told.lines.keys)) } }
    await registry.begin()
    #expect(board.station(1)?.station.state == .preparing)
    #expect(board.station(9) == nil)

    try await lab.recordAll(registry)
    let joined = try #require(board.station(1))
    #expect(joined.station.state == .onAir)
    #expect(joined.ssrc == StationEntry.ssrc(site: "Hafen", number: 1))
    #expect(joined.pmt == 0x1000)
    #expect(joined.video?.codec == "h264")
    #expect(joined.audio.map(\.pid) == [0x101])
    #expect(news.withLock(\.self).reduce(Set()) { $0.union($1) } == [1, 2, 3])

    // Counts wait for the next tick, and are no news.
    lab.pass(seconds: 60)
    await registry.tick()
    news.withLock { $0 = [] }
    #expect(registry.audience.move(from: nil, to: 1) == 1)
    #expect(registry.audience.move(from: nil, to: 1) == 2)
    #expect(registry.audience.move(from: 1, to: 2) == 1)
    #expect(board.station(1)?.station.receivers == 0)
    await registry.tick()
    #expect((1...3).map { board.station($0)?.station.receivers } == [1, 1, 0])
    #expect(news.withLock(\.self).isEmpty)

    // A programme that begins is news for its station, and the ticker is told when that will be.
    let now = try #require(board.station(1)?.station.now)
    let next = try #require(await registry.tick())
    #expect(Double(next) / 1e9 <= now.end - lab.now.inSeconds + 0.001)
    lab.pass(seconds: now.end - lab.now.inSeconds + 0.001)
    await registry.tick()
    #expect(board.station(1)?.station.now?.start == now.end)
    #expect(news.withLock(\.self).first?.contains(1) == true)
    #expect(await registry.list().map(\.receivers) == [1, 1, 0])
  }

  @Test func aStationThatTheTransmitterCannotSendIsOffTheAir() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    await registry.transmitting(faults: [1: AirFault(reason: "the network refuses datagrams: Network is down")])
    #expect(await registry.list()[0].state == .offAir)
    await registry.transmitting(faults: [:])
    #expect(await registry.list()[0].state == .onAir)
  }

  @Test func synchronizationSourcesAreStable() {
    #expect(StationEntry.ssrc(site: "Hafen", number: 1) == FNV.hash32(Array("Hafen".utf8) + [0] + Array("1".utf8)))
    #expect(Set((1...1000).map { StationEntry.ssrc(site: "Hafen", number: $0) }).count == 1000)
  }
}
