import NIOCore
import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream
import Wire

@testable import StationServer

extension ByteBuffer {
  /// One part after another.
  fileprivate init(_ parts: [ByteBuffer]) {
    self.init()
    for part in parts { writeImmutableBuffer(part) }
  }
}

/// Two servers with the same files in different places, their clocks turned by hand, which hear of each other when the test
/// says so.
final class TwinLab {
  struct Server {
    let lab: StationLab
    var registry: StationRegistry
    let address: Configuration.TwinAddress
  }

  private(set) var servers: [Server] = []

  /// Milliseconds of each file.
  static let lengths = ["a.mp4": 4000, "b.mp4": 6000, "c.mp4": 5000, "d.mp4": 3000]

  init(_ stations: [[String]], change: (inout Configuration, TemporaryDirectory) throws -> Void = { _, _ in }) throws {
    for (name, other) in [("a", "b"), ("b", "a")] {
      let lab = try StationLab(stations) { configuration, directory in
        configuration.twins = [.init(host: other, port: 9966)]
        try change(&configuration, directory)
      }
      servers.append(Server(lab: lab, registry: lab.registry(), address: .init(host: name, port: 9966)))
    }
  }

  subscript(_ server: Int) -> StationRegistry { servers[server].registry }

  /// A server as it is after a start; it has found its twin running, or not.
  func start(_ server: Int, meeting other: Int? = nil) async throws {
    servers[server].registry = servers[server].lab.registry()
    if let other, let account = try account(of: other) {
      await self[server].meet(account, at: servers[other].address)
    }
    await self[server].begin()
  }

  /// Lets a server's recorders make all tapes that are asked for, but those of some files.
  func record(_ server: Int, but missing: Set<String> = []) async throws {
    while true {
      let recordings = await self[server].startRecordings()
      if recordings.isEmpty { return }
      for recording in recordings {
        let name = recording.request.source.map { Paths.lastComponent(of: $0.path) } ?? "card"
        if missing.contains(name) { continue }
        try SyntheticTape(milliseconds: Self.lengths[name] ?? 2000).write(to: recording.output)
        await self[server].finished(recording.request, .done)
      }
    }
  }

  /// What a server tells its twins, over the wire.
  func account(of server: Int) throws -> AirAccount? {
    guard let parts = self[server].twinBoard.answer(since: nil) else { return nil }
    var answer = ByteBuffer(parts)
    var answers = TwinAnswers()
    let told = try #require(try answers.decode(buffer: &answer))
    #expect(answer.readableBytes == 0)
    return try TwinLink.read(try #require(told.account))
  }

  /// Both hear of each other.
  func talk() async throws {
    for (server, other) in [(0, 1), (1, 0)] {
      await self[other].tick()
      guard let account = try account(of: other) else { continue }
      #expect(await self[server].heard(account, from: servers[other].address))
    }
  }

  /// A server does not answer any more.
  func cut(_ server: Int) async { await self[1 - server].lost(servers[server].address) }

  func pass(seconds: Double) async {
    for server in servers {
      server.lab.pass(seconds: seconds)
      await server.registry.tick()
    }
  }

  /// Whether a server does with its first station what its twin says.
  func isFollowing(_ server: Int) async -> Bool { await self[server].entries[1]?.twin != TwinStanding.none }

  /// A station as a server's transmitter has it; nil when it is silent.
  func station(_ number: UInt16 = 1, of server: Int) async throws -> Station? {
    guard let plan = await self[server].plan(clockOffset: nil).stations.first(where: { $0.identity.number == number })
    else { return nil }
    var open = OpenTapes()
    return Station(identity: plan.identity, eras: try plan.eras.map { try Era($0, from: &open) })
  }

  /// The datagrams that a server sends from now on for some seconds: number, date and bytes of each.
  func datagrams(_ number: UInt16 = 1, of server: Int, seconds: Int64 = 12) async throws -> [String] {
    guard let station = try await station(number, of: server) else { return [] }
    let now = servers[server].lab.now
    var cursor = station.cursor(at: station.index(at: now))
    var sent: [String] = []
    while cursor.date < now + .seconds(seconds) {
      var bytes = [UInt8](repeating: 0, count: 1500)
      var span = bytes.mutableSpan
      let length = cursor.write(into: &span)
      sent.append("\(cursor.n) \(cursor.date.count) \(FNV.hash128(bytes[..<length]).hexadecimal)")
      cursor.advance()
    }
    return sent
  }

  /// Whether both send the same, and something.
  func areInStep(_ number: UInt16 = 1) async throws -> Bool {
    let first = try await datagrams(number, of: 0)
    let second = try await datagrams(number, of: 1)
    return !first.isEmpty && first == second
  }
}

@Suite struct TwinTests {
  /// Tapes that got ready one after the other, at other moments: without a word between them the two would count differently.
  @Test func theYoungerTakesOverTheErasOfTheElder() async throws {
    let twins = try TwinLab([["a.mp4", "b.mp4"]])
    try await twins.start(0)
    try await twins.record(0, but: ["b.mp4"])
    await twins.pass(seconds: 100)
    for recording in try await twins.remaining(0) { await twins[0].finished(recording.request, .done) }
    await twins.pass(seconds: 50)

    // Alone it would have been on since the epoch with both.
    try await twins.start(1)
    try await twins.record(1)
    #expect(try await !twins.areInStep())
    try await twins.talk()
    #expect(try await twins.areInStep())
    // And at its next start from the beginning.
    try await twins.start(1, meeting: 0)
    #expect(try await twins.areInStep())
    #expect(await twins.isFollowing(1))
    #expect(await !twins.isFollowing(0))
  }

  @Test func isSilentUntilItsTapesAreThere() async throws {
    let twins = try TwinLab([["a.mp4", "b.mp4"]])
    try await twins.start(0)
    try await twins.record(0)
    await twins.pass(seconds: 100)
    try await twins.talk()
    try await twins.start(1, meeting: 0)
    #expect(try await twins.station(of: 1) == nil)
    let waiting = await twins[1].list()[0]
    #expect(waiting.state == .preparing && waiting.progress == nil)
    #expect(waiting.reason == "its twin sends it; the tapes are still being made here")
    try await twins.record(1, but: ["b.mp4"])
    #expect(try await twins.station(of: 1) == nil)
    for recording in try await twins.remaining(1) { await twins[1].finished(recording.request, .done) }
    #expect(try await twins.areInStep())
    #expect(await twins[1].list()[0].state == .onAir)
  }

  /// The elder has nothing to show yet: the other one goes first, and the elder joins in where that is by then.
  @Test func whoHasProgrammesGoesFirst() async throws {
    let twins = try TwinLab([["a.mp4", "b.mp4"]])
    try await twins.start(0)
    try await twins.talk()
    await twins.pass(seconds: 5)
    try await twins.start(1, meeting: 0)
    try await twins.record(1)
    try await twins.talk()
    #expect(try await twins.station(of: 1) != nil)
    await twins.pass(seconds: 12)
    // The elder shows its card, which the other one does not have.
    for recording in await twins[0].startRecordings() {
      await twins[0].found(SyntheticTape(milliseconds: 40).info.format, by: recording.request)
    }
    try await twins.record(0, but: ["a.mp4", "b.mp4"])
    try await twins.talk()
    #expect(try await twins.station(of: 1) != nil)
    for _ in 0..<2 {
      for recording in try await twins.remaining(0) { await twins[0].finished(recording.request, .done) }
    }
    try await twins.talk()
    try await twins.talk()
    #expect(try await twins.areInStep())
    #expect(await !twins.isFollowing(0))
  }

  @Test func tapesThatAreNotTheSameAreNotSent() async throws {
    let twins = try TwinLab([["a.mp4"]])
    try await twins.start(0)
    try await twins.record(0)
    try await twins.talk()
    try await twins.start(1, meeting: 0)
    for recording in await twins[1].startRecordings() {
      try SyntheticTape(milliseconds: 4040).write(to: recording.output)
      await twins[1].finished(recording.request, .done)
    }
    #expect(try await twins.station(of: 1) == nil)
    #expect(await twins[1].list()[0].reason?.contains("other tapes") == true)
    // With nobody to disagree with, it sends what it has.
    await twins.cut(0)
    #expect(try await twins.station(of: 1) != nil)
    #expect(await twins[1].list()[0].state == .onAir)
  }

  /// The elder dies and comes back: nobody notices, and the roles have changed.
  @Test func nothingChangesWhenOneDies() async throws {
    let twins = try TwinLab([["a.mp4", "b.mp4"], ["c.mp4"]])
    try await twins.start(0)
    try await twins.record(0, but: ["b.mp4"])
    await twins.pass(seconds: 33)
    for recording in try await twins.remaining(0) { await twins[0].finished(recording.request, .done) }
    try await twins.talk()
    try await twins.start(1, meeting: 0)
    try await twins.record(1)
    try await twins.talk()
    let before = try await twins.datagrams(of: 1)
    #expect(try await twins.datagrams(of: 0) == before)
    await twins.cut(0)
    #expect(try await twins.datagrams(of: 1) == before)
    await twins.pass(seconds: 200)
    try await twins.start(0, meeting: 1)
    for _ in 0..<3 {
      try await twins.talk()
      await twins.pass(seconds: 0.25)
    }
    #expect(try await twins.areInStep(1))
    #expect(try await twins.areInStep(2))
    #expect(await twins.isFollowing(0))
    #expect(await !twins.isFollowing(1))
    // The other one dies.
    let now = try await twins.datagrams(of: 0)
    await twins.cut(1)
    #expect(try await twins.datagrams(of: 0) == now)
  }

  /// An edit at both, one after the other, either first.
  @Test(arguments: [0, 1]) func editsAreFollowed(first: Int) async throws {
    let twins = try TwinLab([["a.mp4", "b.mp4"]]) { configuration, directory in
      try Scratch.write("c.mp4", to: directory.path("c.mp4"))
    }
    try await twins.start(0)
    try await twins.record(0)
    try await twins.talk()
    try await twins.start(1, meeting: 0)
    try await twins.record(1)
    try await twins.talk()
    for server in [first, 1 - first] {
      let lab = twins.servers[server].lab
      var edited = lab.configuration
      edited.stations[0].source = .files(
        Rotation(["a.mp4", "c.mp4"].map { ProgrammeSource(file: lab.directory.path($0)) }))
      await twins[server].apply(
        ConfigurationEdit(said: lab.configuration, says: edited, running: lab.configuration))
      try await twins.record(server)
      // Before the elder says so, and while its new era has not begun, the younger goes on with what is on.
      for _ in 0..<4 {
        try await twins.talk()
        await twins.pass(seconds: 0.25)
        #expect(try await !twins.datagrams(of: 1, seconds: 1).isEmpty)
      }
    }
    try await twins.talk()
    #expect(try await twins.areInStep())
    await twins.pass(seconds: 60)
    try await twins.talk()
    #expect(try await twins.areInStep())
    #expect(await twins[1].list()[0].next?.title != "b")
  }

  /// What the elder has next is not here in time: silent from then on, and not a moment sooner.
  @Test func leavesTheAirWhereItCannotFollow() async throws {
    let twins = try TwinLab([["a.mp4", "b.mp4"]]) { configuration, directory in
      try Scratch.write("c.mp4", to: directory.path("c.mp4"))
    }
    try await twins.start(0)
    try await twins.record(0)
    try await twins.talk()
    try await twins.start(1, meeting: 0)
    try await twins.record(1)
    let lab = twins.servers[0].lab
    var edited = lab.configuration
    edited.stations[0].source = .files(Rotation([ProgrammeSource(file: lab.directory.path("c.mp4"))]))
    await twins[0].apply(ConfigurationEdit(said: lab.configuration, says: edited, running: lab.configuration))
    try await twins.record(0)
    let start = try #require(await twins[0].plan(clockOffset: nil).stations[0].eras.last).start
    while lab.now + .milliseconds(1500) < start {
      try await twins.talk()
      #expect(try await twins.station(of: 1) != nil)
      #expect(try await twins.datagrams(of: 1, seconds: 1) == twins.datagrams(of: 0, seconds: 1))
      await twins.pass(seconds: 0.25)
    }
    await twins.pass(seconds: 0.75)
    try await twins.talk()
    #expect(try await twins.station(of: 1) == nil)
    #expect(await twins[1].list()[0].state == .preparing)
  }

  @Test func aTimetableIsFollowed() async throws {
    let labs = [try TimetableAirTests.lab(["f1.mp4"]), try TimetableAirTests.lab(["f1.mp4"])]
    var registries: [StationRegistry] = []
    for (index, lab) in labs.enumerated() {
      var configuration = lab.configuration
      configuration.twins = [.init(host: "other", port: 9966)]
      lab.pass(seconds: Double(index) * 400)
      registries.append(lab.registry(configuration))
      if index == 1 {
        labs[0].pass(seconds: 400)
        await registries[0].tick()
        var answer = ByteBuffer(try #require(registries[0].twinBoard.answer(since: nil)))
        var answers = TwinAnswers()
        let told = try #require(try answers.decode(buffer: &answer)?.account)
        await registries[1].meet(try TwinLink.read(told), at: .init(host: "other", port: 9966))
      }
      await registries[index].begin()
      try await TimetableAirTests().record(lab, registries[index])
      await registries[index].tick()
    }
    let stations = [
      try await TimetableAirTests().station(registries[0]), try await TimetableAirTests().station(registries[1]),
    ]
    let now = labs[0].now
    #expect(stations[0].index(at: now) == stations[1].index(at: now))
    #expect(stations[0].index(at: now + .seconds(9000)) == stations[1].index(at: now + .seconds(9000)))
    #expect(await registries[1].waitsForTwin.isEmpty)
  }

  @Test func oneThatNamesItselfIsNoTwin() async throws {
    let twins = try TwinLab([["a.mp4"]])
    try await twins.start(0)
    await twins[0].tick()
    let own = try #require(try twins.account(of: 0))
    let address = Configuration.TwinAddress(host: "b", port: 9966)
    #expect(twins[0].twinBoard.twins == ["b:9966"])
    #expect(await !twins[0].heard(own, from: address))
    #expect(twins[0].twinBoard.twins == nil)
    #expect(await !twins[0].isTwin(address))
    #expect(await !twins.isFollowing(0))
  }
}

extension TwinLab {
  /// Makes the tapes that were left out before.
  func remaining(_ server: Int) async throws -> [Recording] {
    let wanted = await self[server].entries.values.flatMap(\.review.wanted)
    let shelf = await self[server].shelf
    return try wanted.map { wanted in
      let recording = Recording(request: wanted.request, output: shelf.path(of: wanted.request))
      let name = wanted.request.source.map { Paths.lastComponent(of: $0.path) } ?? "card"
      try SyntheticTape(milliseconds: Self.lengths[name] ?? 2000).write(to: recording.output)
      return recording
    }
  }
}
