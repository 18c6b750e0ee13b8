import LinuxIO
import Reception
import TSBytes
import Testing
import Wire

@testable import Tuner

/// What a server may say that means ill, or has lost its mind: control sequences in every text, absurd figures in every
/// number. Nothing of it reaches the terminal raw, and nothing traps.
struct HostileServerTests {
  private static let texts = [#""\u001b]0;X\u0007\u009b31m\r\n\u202e\u007f""#, #""""#]
  private static let numbers = [
    "-1", "0", "65535", "65536", "1e300", "-1e300", "9223372036854775807", "-9223372036854775808", "1e19", "0.5",
  ]

  private static var messages: [ServerMessage] {
    var station = SessionTests.status.station
    (station.reason, station.progress) = ("why", 40)
    var preparing = station
    (preparing.number, preparing.state) = (3, .preparing)
    let programme = Programme(title: "Tide", start: 50, end: 60)
    return [
      .welcome(.init(server: "s", site: .init(name: "Quay", contact: "c"), stations: 2, twins: ["a:1", "b"])),
      .stations(.init(stations: [station, preparing], more: false, revision: 5, since: 4)),
      .joined(
        .init(
          station: station, ssrc: 7, pmt: 0x1000, video: .init(pid: 0x100, codec: "h264", language: "eng"),
          audio: [.init(pid: 0x101, codec: "aac", language: "deu"), .init(pid: 0x102, codec: "aac")])),
      .left(.init(station: 2)),
      .changed(.init(station: station)),
      .error(.init(code: .busy, message: "no")),
      .error(.init(code: .notOnAir, message: "no")),
      .stream(
        .init(
          station: 2, ssrc: 7, first: 100, date: 50, next: 200, now: 60, earliest: 10, clockError: 0.1,
          programmes: [programme])),
      .receptions(
        .init(
          stations: [
            .init(
              station: 2, reports: 9, streams: 1, received: 10, repaired: 2, lost: 1, jitter: 3, worstJitter: 4,
              delay: 1)
          ], more: false)),
      .reporting(.init(every: 5)),
      .eras(.init(revision: 3, bytes: 0, next: ["4": 7])),
    ]
  }

  /// The places of all values that are texts or numbers, but for the message's type.
  private static func values(_ line: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var index = 0
    var isType = false
    while index < line.count {
      let start = index
      index += 1
      if line[start] == UInt8(ascii: "\"") {
        while line[index] != UInt8(ascii: "\"") { index += 1 }
        index += 1
        if index < line.count, line[index] == UInt8(ascii: ":") {
          isType = line[start..<index].elementsEqual(Array(#""type""#.utf8))
        } else if !isType {
          found.append(start..<index)
        }
      } else if line[start] == UInt8(ascii: "-") || (48...57).contains(line[start]) {
        while index < line.count, "0123456789.e+-".utf8.contains(line[index]) { index += 1 }
        found.append(start..<index)
      }
    }
    return found
  }

  /// The line with one value, or all texts at once, replaced.
  private static func spoiled(_ message: ServerMessage) -> [[UInt8]] {
    let line = Array(StableJSON.line(message).utf8)
    let places = values(line)
    var lines: [[UInt8]] = []
    var all = line
    for place in places.reversed() {
      let isText = line[place.lowerBound] == UInt8(ascii: "\"")
      for value in isText ? texts : numbers {
        var one = line
        one.replaceSubrange(place, with: Array(value.utf8))
        lines.append(one)
      }
      if isText { all.replaceSubrange(place, with: Array(texts[0].utf8)) }
    }
    return lines + [all]
  }

  /// Everything that people are shown of a message.
  private static func shown(_ message: ServerMessage) -> [String] {
    let clock = LocalClock(.utc)
    var model = WatchModel(server: "s:1")
    let screen = { (model: WatchModel) in
      WatchScreen(rows: 24, columns: 100).lines(model, now: 100, clock: "12:00").map(\.text)
    }
    let told = { (station: StationSummary) -> [String] in
      var status = SessionTests.status
      (status.station, status.past, status.quality) = (station, station.now, SessionTests.quality)
      model.take(status, now: 0)
      model.take(status, now: 2_000_000_000)
      var past = status
      past.position = 50
      return screen(model) + [StatusLine.text(status, now: 100), StatusLine.text(past, now: 100)]
        + StatusCommand.text(status, now: 100).split(separator: "\n").map(String.init)
        + StatusCommand.text(past, now: 100).split(separator: "\n").map(String.init)
        + StableJSON.line(status, pretty: true).split(separator: "\n").map(String.init)
        + [TunerError(SystemError(operation: "join", subject: station.group, code: 22)).description]
    }
    switch message {
    case .welcome(let welcome):
      model.site = welcome.site.name
      return screen(model) + (welcome.twins ?? []).compactMap { ServerAddress($0)?.description }
    case .stations(let page):
      var list = StationList()
      _ = list.receive(page)
      model.take(list.stations)
      var remote = RemoteControl()
      _ = remote.press(UInt8(ascii: "+"), now: 0)
      _ = remote.receive(page, current: 1)
      var request = TuneRequest("x")
      let error: [String] = if case .failed(let error) = request.receive(message) { [error.description] } else { [] }
      return screen(model) + StationTable.lines(page.stations, now: 100, columns: nil)
        + StationTable.lines(page.stations, now: 100, columns: 80) + error + page.stations.flatMap(told)
    case .joined(let joined):
      let tuning = Tuning(joined, interface: nil)
      let start = Beginning.startOver.start(joined.station)
      if case .at(let date) = start {
        _ = try? SpokenTime.next("20:15", after: date, clock: clock)
        _ = RecordCommand.counts(date)
      }
      var feed = PlayerFeed(paced: .none)
      feed.begin(tuning, now: 0)
      return told(joined.station) + [tuning.sender(0)] + Output.ffplay.arguments(for: tuning)
    case .changed(let changed):
      var guide = ProgrammeGuide()
      guide.take(changed.station)
      return told(changed.station) + [guide.programme(at: 100)?.title].compactMap(\.self).map(printable)
    case .error:
      var request = TuneRequest("2")
      var step = request.receive(message)
      if case .send = step {
        step = request.receive(.stations(.init(stations: [SessionTests.status.station])))
      }
      if case .failed(let error) = step { return [error.description] }
      return []
    case .stream(let reply):
      var guide = ProgrammeGuide()
      guide.take(reply.programmes)
      return [reply.date, reply.now, reply.earliest].map { clock.text($0, now: 100) }
    case .receptions(let page):
      return StationTable.lines([SessionTests.status.station], page.stations, now: 100, columns: nil)
    case .reporting(let reporting):
      var pace = ReportPace()
      pace.set(reporting.every)
      return []
    case .left, .eras, .unknown: return []
    }
  }

  private static func isRaw(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar == "\u{202E}"
  }

  @Test func nothingRawReachesTheScreenAndNothingTraps() {
    var taken = 0
    for message in Self.messages {
      for line in Self.spoiled(message) {
        guard let spoiled = try? ServerMessage(line: line) else { continue }
        taken += 1
        for text in Self.shown(spoiled) where text.unicodeScalars.contains(where: Self.isRaw) {
          Issue.record("\(String(decoding: line, as: UTF8.self)) shows \(text.debugDescription)")
          return
        }
      }
    }
    #expect(taken > 300)
  }

  @Test(arguments: ["1e300", "-1e300", "1e12"])
  func aProgrammeIsOfThisAge(date: String) throws {
    for field in ["start", "end"] {
      let line = Self.messages.lazy.map { StableJSON.line($0) }.first { $0.contains(#""type":"changed""#) } ?? ""
      let spoiled = line.replacing("\"\(field)\":160", with: "\"\(field)\":\(date)")
      #expect(spoiled != line)
      #expect(throws: MessageError.self) { try ServerMessage(line: Array(spoiled.utf8)) }
    }
  }

  @Test func aListWithoutAnEndIsNotKept() {
    let page = ServerMessage.Stations(
      stations: Array(repeating: SessionTests.status.station, count: 1000), more: true, revision: 1)
    var request = TuneRequest("x")
    var failure: TunerError?
    for _ in 0..<100 where failure == nil {
      if case .failed(let error) = request.receive(.stations(page)) { failure = error }
    }
    #expect(failure?.status == .unavailable)
    var list = StationList()
    for _ in 0..<100 { _ = list.receive(page) }
    var last = page
    last.more = nil
    #expect(!list.receive(last) && list.stations.isEmpty, "an answer that is too long is none")
    #expect(list.receive(.init(stations: page.stations, revision: 2)) && list.stations.count == 1000)
    var remote = RemoteControl()
    _ = remote.press(UInt8(ascii: "+"), now: 0)
    for _ in 0..<100 { _ = remote.receive(page, current: 1) }
    #expect(remote.receive(last, current: 1) == nil)
  }

  @Test(
    arguments: [
      ("127.0.0.1", .machine), ("127.9.8.7", .machine), ("::1", .machine), ("::ffff:127.0.0.1", .machine),
      ("0.0.0.0", .machine), ("::", .machine), ("10.1.2.3", .site), ("172.16.0.1", .site), ("172.32.0.1", .world),
      ("192.168.7.7", .site), ("169.254.1.1", .site), ("100.64.0.1", .site), ("100.128.0.1", .world),
      ("fe80::1", .site), ("fd00::1", .site), ("::ffff:10.0.0.1", .site), ("8.8.8.8", .world), ("2001:db8::1", .world),
      ("::2", .world), ("fe80::1%eth0", .site), ("host", nil), ("", nil),
    ] as [(String, AddressReach?)])
  func addressesAreNearOrFar(text: String, expected: AddressReach?) {
    #expect(AddressReach(text) == expected)
  }

  /// On this machine's own server's word others are called; a link that may go no nearer than a site never calls here.
  @Test func aTwinIsCalledOnlyWhereItMayBe() async throws {
    let server = ControlTests.TestServer { _ in [.welcome(.init(site: .init(name: "Quay"), stations: 0))] }
    let address = try await server.start()
    for reach in [AddressReach.site, .world] {
      await #expect(throws: TunerError.self) { try await ControlConnection(address, within: reach) }
    }
    let connection = try await ControlConnection(address, within: .machine)
    #expect(connection.reach == .machine)
    let links = [
      ControlLink(address, first: connection), ControlLink(ServerAddress(host: "localhost", port: address.port)),
    ]
    var servers = links.map { SessionServer(link: $0, interface: nil) }
    var choices = TuningSession.Choices(output: .standardOutput)
    #expect(servers.meet(["10.0.0.1"], of: 1, choices).isEmpty, "nobody knows where that one is")
    choices.takesTwins = false
    #expect(servers.meet(["10.0.0.1"], of: 0, choices).isEmpty)
    choices.takesTwins = true
    #expect(servers.meet(["10.0.0.1", "\u{1B}[2J:1", "10.0.0.1"], of: 0, choices).map(\.0) == [2])
    connection.close()
    try await server.stop()
  }

  /// One server by two names is one: its second connection ends, and nobody is told of it.
  @Test(.timeLimit(.minutes(1))) func aSecondNameIsNoSecondServer() async throws {
    let server = ControlTests.TestServer { _ in [] }
    let address = try await server.start()
    let other = ServerAddress(host: "localhost", port: address.port)
    #expect(address.isSame(as: other) && !address.isSame(as: ServerAddress(host: "localhost", port: 1)))
    let links = [ControlLink(address, first: try await ControlConnection(address)), ControlLink(other)]
    var servers = links.map { SessionServer(link: $0, interface: nil) }
    #expect(servers.standings?.count == 2)
    let (events, feed) = AsyncStream.makeStream(of: Void.self)
    // It ends by itself, once it is known whom it leads to.
    let running = Task {
      await links[1].run { event in if case .connected = event { feed.yield() } }
      feed.finish()
    }
    for await _ in events { servers.connected(1, station: 2) }
    await running.value
    #expect(servers.standings == nil && !servers[1].isOwn && !links[1].isConnected)
    links[0].end()
    try await server.stop()
  }

  @Test func aRunningTunerHasOtherServers() throws {
    var status = SessionTests.status
    let named = { (text: String) in [ServerAddress(text)].compactMap(\.self) }
    try status.mustHave(named("127.0.0.1"))
    try status.mustHave(named("localhost"))
    #expect(
      throws: TunerError(
        .temporary,
        "The running tuner receives from 127.0.0.1:9966, not from [::1]:9967. Stop it first (\"tuner terminate\"), or "
          + "leave out --server.")
    ) { try status.mustHave(named("[::1]:9967")) }
    status.servers = [
      .init(server: "10.0.0.1:9966", isConnected: true, isSending: true),
      .init(server: "10.0.0.2:9966", isConnected: false, isSending: false),
    ]
    try status.mustHave(named("10.0.0.2") + named("10.0.0.1"))
    #expect(throws: TunerError.self) { try status.mustHave(named("10.0.0.1") + named("10.0.0.3")) }
  }

  @Test func theFirstServerThatIsThereIsAsked() async throws {
    let (dead, alive) = (ControlTests.TestServer { _ in [] }, ControlTests.TestServer { _ in [] })
    let addresses = [try await dead.start(), try await alive.start()]
    try await dead.stop()
    let connection = try await ControlConnection.first(of: addresses)
    #expect(connection.server == addresses[1])
    connection.close()
    try await alive.stop()
    await #expect {
      _ = try await ControlConnection.first(of: addresses)
    } throws: { ($0 as? TunerError)?.description.contains("\(addresses[0])") == true }
  }
}
