import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing
import Wire

@testable import StationServer

/// The control server over real TCP, with clients that behave and clients that do not.
@Suite struct ControlServerTests {
  typealias Answers = [ServerMessage]

  /// Starts a server on a port of its own, and stops it after `body`.
  private func withServer(
    admission: Admission = Admission(total: 10, perAddress: 10),
    _ body: @escaping @Sendable (_ port: Int, StationRegistry) async throws -> Void
  ) async throws {
    let lab = try StationLab([["a.mp4"], ["b.mp4"]])
    let registry = lab.registry()
    await registry.begin()
    try await lab.recordAll(registry)
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: registry, admission: admission)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      try await body(server.port, registry)
      group.cancelAll()
    }
  }

  private typealias Client = NIOAsyncChannel<Result<ServerMessage, MessageError>, ByteBuffer>

  private static func connect(_ port: Int) async throws -> Client {
    try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(MessageDecoder<ServerMessage>()))
          return try Client(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
  }

  /// Sends a text, closes its side, and returns all that comes until the server hangs up.
  private static func say(_ text: String, to port: Int) async throws -> Answers {
    try await connect(port).executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: text))
      outbound.finish()
      var answers: Answers = []
      for try await answer in inbound { answers.append(try answer.get()) }
      return answers
    }
  }

  /// Before a server has anything on the air it answers twins; others wait, and are told what is so then.
  @Test func whileItStartsOnlyTwinsAreAnswered() async throws {
    let lab = try StationLab([["a.mp4"]]) { configuration, _ in configuration.twins = [.init(host: "other", port: 1)] }
    let registry = lab.registry()
    await registry.twinBoard.publish(registry.introduction)
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: registry, admission: Admission(total: 10, perAddress: 10))
    try await server.letTwinsIn()
    let port = server.port
    let asking = Task { try await Self.say("{\"type\":\"list\"}\n{\"type\":\"join\",\"station\":1}\n", to: port) }
    for _ in 0..<20 {
      #expect(await TwinLink(address: .init(host: "127.0.0.1", port: port)).first()?.starting != nil)
    }
    await registry.begin()
    try await lab.recordAll(registry)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let answers = try await asking.value
      try #require(answers.count == 2)
      if case .stations(let list) = answers[0] {
        #expect(list.stations.map(\.number) == [1])
      } else {
        Issue.record("\(answers[0])")
      }
      if case .joined(let joined) = answers[1] {
        #expect(joined.station.number == 1)
      } else {
        Issue.record("\(answers[1])")
      }
      group.cancelAll()
    }
  }

  @Test func answersAClientThatSaysAllAtOnce() async throws {
    try await withServer { port, _ in
      let answers = try await Self.say(
        "{\"type\":\"hello\",\"version\":1}\n{\"type\":\"list\"}\n{\"type\":\"join\",\"station\":2}\n"
          + "{\"type\":\"join\",\"station\":7}\n{\"type\":\"leave\"}\n{\"type\":\"stream\",\"station\":1}\n",
        to: port)
      guard answers.count == 6, case .welcome(let welcome) = answers[0], case .stations(let list) = answers[1],
        case .joined(let joined) = answers[2], case .error(let error) = answers[3], case .left(let left) = answers[4],
        case .error(let tooLate) = answers[5]
      else {
        Issue.record("\(answers)")
        return
      }
      #expect(welcome.site.name == "Hafen")
      #expect(list.stations.map(\.number) == [1, 2])
      #expect(joined.station.receivers == 1)
      #expect(error.code == .unknownStation)
      #expect(left.station == 2)
      #expect(tooLate.code == .malformed)
    }
  }

  @Test func countsAReceiverUntilItsConnectionEnds() async throws {
    try await withServer { port, registry in
      try await Self.connect(port).executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: "{\"type\":\"join\",\"station\":1}\n"))
        var answers = inbound.makeAsyncIterator()
        _ = try await answers.next()
        #expect(registry.audience.count(1) == 1)
      }
      for _ in 0..<200 where registry.audience.count(1) > 0 { try await Task.sleep(for: .milliseconds(10)) }
      #expect(registry.audience.count(1) == 0)
    }
  }

  @Test func hangsUpOnNoise() async throws {
    try await withServer { port, _ in
      for noise in ["GET / HTTP/1.1\nHost: x\nAccept: *\n", "\u{1}\n\u{2}\n\u{3}\n{\"type\":\"list\"}\n"] {
        let answers = try await Self.say(noise, to: port)
        #expect(answers.count == 3)
        for answer in answers {
          guard case .error(let error) = answer else {
            Issue.record("\(answer)")
            continue
          }
          #expect(error.code == .malformed)
        }
      }
      #expect(try await Self.say("{\"type\":\"list\"}\n", to: port).count == 1)
    }
  }

  @Test func takesNoLineBeyondItsLength() async throws {
    try await withServer { port, _ in
      let long = String(repeating: "x", count: 200_000) + "\n{\"type\":\"leave\"}\n"
      let answers = try await Self.say(long, to: port)
      #expect(
        answers == [
          .error(.init(code: .tooLong, message: MessageError.lineTooLong.description)), .left(.init(station: nil)),
        ])
    }
  }

  @Test func hasRoomForSoManyFromOneAddress() async throws {
    try await withServer(admission: Admission(total: 10, perAddress: 1)) { port, _ in
      try await Self.connect(port).executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: "{\"type\":\"hello\",\"version\":1}\n"))
        var mine = inbound.makeAsyncIterator()
        _ = try await mine.next()
        let answers = try await Self.say("", to: port)
        guard case .error(let error) = answers.first else {
          Issue.record("\(answers)")
          return
        }
        #expect(error.code == .busy)
      }
    }
  }

  @Test func answersManyRequestsAtOnceInTheirOrder() async throws {
    try await withServer { port, registry in
      let talk = (0..<12).map { index in
        "{\"type\":\"join\",\"station\":\(index % 2 + 1)}\n{\"type\":\"leave\"}\n{\"type\":\"list\"}\n"
      }
      let answers = try await Self.say(talk.joined(), to: port)
      #expect(answers.count == 36)
      for (index, answer) in answers.enumerated() {
        switch (index % 3, answer) {
        case (0, .joined(let joined)): #expect(joined.station.number == index / 3 % 2 + 1)
        case (1, .left(let left)): #expect(left.station == index / 3 % 2 + 1)
        case (2, .stations(let list)): #expect(list.stations.count == 2)
        default: Issue.record("\(index): \(answer)")
        }
      }
    }
  }

  @Test func answersOnlyWhatHasChangedToAClientThatHasTheList() async throws {
    try await withServer { port, registry in
      guard case .stations(let list) = try await Self.say("{\"type\":\"list\"}\n", to: port).first,
        let revision = list.revision
      else {
        Issue.record("no list")
        return
      }
      let request = "{\"type\":\"list\",\"since\":\(revision)}\n"
      #expect(
        try await Self.say(request, to: port) == [.stations(.init(stations: [], revision: revision, since: revision))])
      registry.audience.move(from: nil, to: 2)
      await registry.tick()
      guard case .stations(let news) = try await Self.say(request, to: port).first else {
        Issue.record("no list")
        return
      }
      #expect(news.stations.map(\.receivers) == [1])
      #expect(news.since == revision)
    }
  }

  @Test func pushesNewsToThoseWhoReceiveTheStation() async throws {
    try await withServer { port, registry in
      try await Self.connect(port).executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: "{\"type\":\"join\",\"station\":2}\n"))
        var answers = inbound.makeAsyncIterator()
        _ = try await answers.next()
        await registry.transmitting(faults: [1: AirFault(reason: "It rains."), 2: AirFault(reason: "It snows.")])
        guard case .changed(let changed) = try await answers.next()?.get() else {
          Issue.record("no news")
          return
        }
        #expect(changed.station.number == 2)
        #expect(changed.station.reason == "It snows.")
        #expect(changed.station.receivers == 1 || changed.station.receivers == 0)
      }
    }
  }

  /// All tuners come back at once when stationd has been started anew: none must hear that there are no stations.
  @Test func letsNobodyInBeforeItRuns() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: registry,
      admission: Admission(total: 10, perAddress: 10))
    async let answers = Self.say("{\"type\":\"list\"}\n", to: server.port)
    try await Task.sleep(for: .milliseconds(50))
    await registry.begin()
    let running = Task { try await server.run() }
    guard case .stations(let list) = try await answers.first else {
      Issue.record("no list")
      return
    }
    #expect(list.stations.map(\.number) == [1])
    running.cancel()
    try await running.value
  }

  @Test func saysThatAnAddressIsTaken() async throws {
    try await withServer { port, registry in
      await #expect(throws: (any Error).self) {
        _ = try await ControlServer.bind(
          .init(host: "127.0.0.1", port: port), registry: registry,
          admission: Admission(total: 1, perAddress: 1))
      }
    }
  }

  @Test func tellsItsClientsThatItStops() async throws {
    let lab = try StationLab([["a.mp4"]])
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let server = try await ControlServer.bind(
      .init(host: "127.0.0.1", port: 0), registry: lab.registry(),
      admission: Admission(total: 10, perAddress: 10))
    let services = ServiceGroup(services: [server], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      try await Self.connect(server.port).executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: "{\"type\":\"leave\"}\n"))
        var answers = inbound.makeAsyncIterator()
        #expect(try await answers.next()?.get() == .left(.init(station: nil)))
        await services.triggerGracefulShutdown()
        guard case .error(let error) = try await answers.next()?.get() else {
          Issue.record("no farewell")
          return
        }
        #expect(error.code == .closing)
        #expect(try await answers.next() == nil)
      }
      try await group.waitForAll()
    }
  }
}
