import LinuxIO
import NIOCore
import NIOPosix
import Synchronization
import TSBytes
import Testing
import Wire

@testable import Tuner

/// One of threads, to which ``ControlTests/TestServer`` is another.
private typealias LineServer = TestServer

/// The control client against a server of a few lines.
struct ControlTests {
  /// Answers each message with what `answer` makes of it; remembers what it heard.
  final class TestServer: Sendable {
    let heard = Mutex<[ClientMessage]>([])
    private let isOpen = Mutex(false)
    private let listener = Mutex<(any Channel)?>(nil)
    private let clients = Mutex<[any Channel]>([])
    private let answer: @Sendable (ClientMessage) -> [ServerMessage]

    init(_ answer: @escaping @Sendable (ClientMessage) -> [ServerMessage]) { self.answer = answer }

    /// Listens on the loopback interface; port 0: any that is free.
    func start(port: Int = 0) async throws -> ServerAddress {
      isOpen.withLock { $0 = true }
      let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { [self] channel in
          clients.withLock { $0.append(channel) }
          // A client that was just being taken in when the server stopped.
          guard isOpen.withLock(\.self) else { return channel.close() }
          return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers([
              ByteToMessageHandler(MessageDecoder<ClientMessage>()),
              MessageToByteHandler(MessageEncoder<ServerMessage>()), Handler(self),
            ])
          }
        }
      let channel = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
      listener.withLock { $0 = channel }
      return ServerAddress(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
    }

    func stop() async throws {
      isOpen.withLock { $0 = false }
      for client in clients.withLock(\.self) { client.close(promise: nil) }
      try await listener.withLock { $0.take() }?.close()
    }

    private final class Handler: ChannelInboundHandler {
      typealias InboundIn = Result<ClientMessage, MessageError>
      typealias OutboundOut = ServerMessage
      private let server: TestServer

      init(_ server: TestServer) { self.server = server }

      func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .success(let message) = unwrapInboundIn(data) else { return }
        server.heard.withLock { $0.append(message) }
        for answer in server.answer(message) { context.write(wrapOutboundOut(answer), promise: nil) }
        context.flush()
      }
    }
  }

  private static let stations = [TSBytes.tuning(1).station, TSBytes.tuning(2, name: "Radio Quay").station]

  private static func joined(_ number: Int) -> ServerMessage.Joined {
    .init(
      station: stations[number - 1], ssrc: UInt32(number), pmt: 0x1000,
      audio: [ElementaryStream(pid: 0x101, codec: "aac")])
  }

  @Sendable private static func answer(_ message: ClientMessage) -> [ServerMessage] {
    switch message {
    case .hello: [.welcome(.init(site: .init(name: "Quay"), stations: 2)), .unknown(type: "fanfare")]
    case .list:
      [.stations(.init(stations: [stations[0]], more: true)), .stations(.init(stations: [stations[1]]))]
    case .join(let join): [.joined(joined(join.station))]
    default: []
    }
  }

  @Test func listComesInPages() async throws {
    let server = TestServer(Self.answer)
    let connection = try await ControlConnection(try await server.start())
    #expect(connection.localAddress == "127.0.0.1")
    let (site, stations) = try await connection.list()
    #expect(site?.name == "Quay" && stations == Self.stations)
    connection.close()
    try await server.stop()
  }

  @Test func joinFindsTheStationByName() async throws {
    let server = TestServer(Self.answer)
    let connection = try await ControlConnection(try await server.start())
    #expect(try await connection.join("radio") == Self.joined(2))
    #expect(server.heard.withLock(\.self) == [.hello(.tuner), .list(), .join(.init(station: 2))])
    connection.close()
    try await server.stop()
  }

  @Test func aNumberIsJoinedWithoutTheList() async throws {
    let server = TestServer(Self.answer)
    let connection = try await ControlConnection(try await server.start())
    #expect(try await connection.join("2") == Self.joined(2))
    #expect(server.heard.withLock(\.self) == [.hello(.tuner), .join(.init(station: 2))])
    connection.close()
    try await server.stop()
  }

  @Test func aRefusedJoinSaysWhy() throws {
    var preparing = Self.stations[1]
    (preparing.state, preparing.progress) = (.preparing, 43)
    for text in ["2", "radio"] {
      var request = TuneRequest(text)
      if text == "radio" {
        guard case .send(.join(let join)) = request.receive(.stations(.init(stations: [preparing]))) else {
          Issue.record("no join")
          return
        }
        #expect(join.station == 2)
      } else {
        #expect(request.opening == .join(.init(station: 2)))
      }
      var step = request.receive(.error(.init(code: .notOnAir, message: "no")))
      if case .send(let message) = step {
        #expect(message == .list() && text == "2")
        step = request.receive(.stations(.init(stations: [preparing])))
      }
      guard case .failed(let error) = step else {
        Issue.record("no failure")
        return
      }
      #expect(error == TunerError(.temporary, "2 Radio Quay is being prepared, 43 %."))
    }
  }

  @Test func aNumberThatIsNoneMayBeAName() throws {
    var request = TuneRequest("24")
    guard case .send(.list(since: nil)) = request.receive(.error(.init(code: .unknownStation, message: "no"))),
      case .failed(let error) = request.receive(.stations(.init(stations: Self.stations)))
    else {
      Issue.record("no look at the list, or no failure")
      return
    }
    #expect(error.status == .noStation && error.description.contains("There are: 1 Harbour One, 2 Radio Quay"))
    request = TuneRequest("24")
    _ = request.receive(.error(.init(code: .unknownStation, message: "no")))
    var named = Self.stations[1]
    named.name = "24 hours"
    guard case .send(.join(let join)) = request.receive(.stations(.init(stations: [Self.stations[0], named]))) else {
      Issue.record("no join")
      return
    }
    #expect(join.station == 2)
    guard case .joined = request.receive(.joined(Self.joined(2))) else {
      Issue.record("not joined")
      return
    }
  }

  @Test func anotherStationsJoinedIsNotTheAnswer() throws {
    var request = TuneRequest("radio")
    guard case .wait = request.receive(.joined(Self.joined(2))) else {
      Issue.record("taken before it was asked for")
      return
    }
    _ = request.receive(.stations(.init(stations: Self.stations)))
    guard case .wait = request.receive(.joined(Self.joined(1))), case .joined = request.receive(.joined(Self.joined(2)))
    else {
      Issue.record("wrong station")
      return
    }
  }

  @Test func aServerThatIsAwayIsToldInOneLine() async throws {
    let server = TestServer(Self.answer)
    let address = try await server.start()
    try await server.stop()
    await #expect {
      _ = try await ControlConnection(address)
    } throws: { error in
      let error = error as? TunerError
      return error?.status == .unavailable && error?.description.contains("\(address) (Connection refused)") == true
        && error?.description.contains("\n") == false
    }
  }

  @Test func aServerThatHangsUpIsAnError() async throws {
    let server = TestServer { _ in [] }
    let connection = try await ControlConnection(try await server.start())
    try await server.stop()
    await #expect(throws: TunerError.self) { try await connection.list() }
  }

  /// A server that is full takes the call, says so and hangs up.
  @Test func aServerThatHangsUpAtOnceIsSeldomCalled() async throws {
    let calls = Mutex(0)
    let server = try LineServer { caller in
      calls.withLock { $0 += 1 }
      caller.send(line: #"{"code":"busy","message":"There are too many connections already.","type":"error"}"#)
    }
    defer { server.stop() }
    let link = ControlLink(ServerAddress(host: "127.0.0.1", port: server.port))
    let running = Task { await link.run { _ in } }
    try await Task.sleep(for: .milliseconds(1300))
    running.cancel()
    await running.value
    // At once, after half a second, and after one more.
    #expect((1...2).contains(calls.withLock(\.self)), "\(calls.withLock(\.self)) calls")
  }

  @Test func theLinkComesBackByItself() async throws {
    let server = TestServer(Self.answer)
    let address = try await server.start()
    let link = ControlLink(address, first: try await ControlConnection(address))
    let (events, feed) = AsyncStream.makeStream(of: String.self)
    let running = Task {
      await link.run { event in
        switch event {
        case .connected: feed.yield("connected")
        case .lost: feed.yield("lost")
        case .message(let message): feed.yield("\(message)".prefix { $0 != "(" }.description)
        }
      }
    }
    var seen = events.makeAsyncIterator()
    #expect(link.send(.leave) && link.isConnected)
    try await server.stop()
    #expect(await seen.next() == "lost")
    _ = try await server.start(port: address.port)
    #expect(await seen.next() == "connected")
    #expect(link.send(.hello(.tuner)))
    #expect(await seen.next() == "welcome")
    running.cancel()
    await running.value
    #expect(!link.isConnected && !link.send(.leave))
    try await server.stop()
  }
}
