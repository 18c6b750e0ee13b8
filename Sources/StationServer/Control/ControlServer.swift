import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Wire

/// The control server: accepts clients, one task for each, none of which can hold up another.
struct ControlServer: Service {
  typealias Client = NIOAsyncChannel<ControlConnection.Inbound, ServerMessage>

  private let listener: NIOAsyncChannel<Client, Never>
  private let registry: StationRegistry
  private let stations: Int
  private let admission: Admission
  private let logger: Logger

  /// Binds the address; clients that connect from now on wait until ``run()``.
  ///
  /// Throws what the kernel says: the address is in use, or not this machine's.
  static func bind(
    _ address: Configuration.ListenAddress, registry: StationRegistry, stations: Int, admission: Admission,
    logger: Logger
  ) async throws -> ControlServer {
    let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A client may say all it has to say, close its side, and still read the answers.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .bind(host: address.host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(ByteToMessageHandler(MessageDecoder<ClientMessage>()))
          try pipeline.addHandler(MessageToByteHandler(MessageEncoder<ServerMessage>()))
          return try Client(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return ControlServer(
      listener: listener, registry: registry, stations: stations, admission: admission, logger: logger)
  }

  /// The port it listens on.
  var port: Int { listener.channel.localAddress?.port ?? 0 }

  /// Until a graceful shutdown: then nobody new is taken, and those who are there are told.
  func run() async throws {
    try await withGracefulShutdownHandler {
      try await serve()
    } onGracefulShutdown: {
      listener.channel.close(promise: nil)
    }
  }

  private func serve() async throws {
    try await listener.executeThenClose { clients in
      try await withThrowingDiscardingTaskGroup { group in
        for try await client in clients {
          let address = client.channel.remoteAddress?.ipAddress ?? "?"
          guard admission.enter(address) else {
            group.addTask { await Self.refuse(client) }
            continue
          }
          group.addTask {
            await ControlConnection.serve(client, registry: registry, stations: stations)
            admission.leave(address)
          }
        }
      }
    }
  }

  /// Says that there is no room, as far as that can be said without waiting, and hangs up.
  private static func refuse(_ client: Client) async {
    try? await client.executeThenClose { _, outbound in
      try await outbound.write(.error(.init(code: .busy, message: "There are too many connections already.")))
    }
  }
}
