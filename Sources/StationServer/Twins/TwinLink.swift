import FoundationEssentials
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Wire

/// Asks a twin what it has on the air, several times a second: often enough for an era, which is told two seconds ahead, to
/// reach the transmitter in time, and to see soon when the twin is gone.
struct TwinLink: Sendable {
  let address: Configuration.TwinAddress
  var period = Duration.milliseconds(250)
  /// A twin that has not answered for so long is gone: nanoseconds.
  var patience = TimeAmount.seconds(2)

  private typealias Connection = NIOAsyncChannel<TwinAnswers.InboundOut, ByteBuffer>

  /// Why there is no account.
  struct Unreadable: Error, CustomStringConvertible {
    var description: String { "its account is not understood: run the same version of stationd on both servers" }
  }

  private func connect() async throws -> Connection {
    try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connectTimeout(.seconds(1))
      .connect(host: address.host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(TwinAnswers()))
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
  }

  /// Asks until `hear` has had enough, or the connection ends.
  ///
  /// - Parameter hear: takes an account that has changed, or nil when the twin still has the one before; returns whether to
  ///   go on.
  /// - Parameter heed: takes which datagram is due next of the twin's live stations.
  /// - Throws: whatever is wrong with the connection; nothing when the twin closes it.
  func ask(
    _ hear: (AirAccount?) async -> Bool, heed: ([Int: Int64]) async -> Void = { _ in }
  ) async throws {
    let connection = try await connect()
    let (channel, patience) = (connection.channel, patience)
    try await connection.executeThenClose { inbound, outbound in
      var answers = inbound.makeAsyncIterator()
      var revision: Int?
      while !Task.isCancelled {
        let limit = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        var line = ByteBuffer()
        try MessageEncoder<ClientMessage>().encode(data: .eras(since: revision), out: &line)
        try await outbound.write(line)
        let answer = try await answers.next()
        limit.cancel()
        guard let answer else { return }
        revision = answer.revision
        if !answer.next.isEmpty { await heed(answer.next) }
        guard await hear(try answer.account.map(Self.read)) else { return }
        try await Task.sleep(for: period)
      }
    }
  }

  static func read(_ bytes: ByteBuffer) throws -> AirAccount {
    guard let account = try? JSONDecoder().decode(AirAccount.self, from: Data(bytes.readableBytesView)),
      account.version == AirAccount.version, (0..<1 << 62).contains(account.began)
    else { throw Unreadable() }
    return account
  }
}

/// Keeps in touch with all twins.
struct TwinService: Service {
  let registry: StationRegistry
  let twins: [Configuration.TwinAddress]
  let logger: Logger
  /// Between two attempts to reach one.
  var pause = Duration.milliseconds(500)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for twin in twins { group.addTask { await follow(twin) } }
        if !twins.isEmpty { group.addTask { await GroupWatch(registry: registry, logger: logger).run() } }
        group.addTask { try? await Task.sleep(for: .seconds(1 << 30)) }
      }
    }
  }

  private func follow(_ twin: Configuration.TwinAddress) async {
    var told: String?
    while !Task.isCancelled {
      var hasAnswered = false
      var reason = "it has closed the connection"
      do {
        try await TwinLink(address: twin).ask { account in
          guard let account else { return true }
          guard await registry.heard(account, from: twin) else { return false }
          if !hasAnswered { logger.info("twin \(twin) answers") }
          (hasAnswered, told) = (true, nil)
          return true
        } heed: {
          await registry.heard(next: $0)
        }
      } catch {
        reason = Self.reason(error)
      }
      guard !Task.isCancelled else { return }
      guard await registry.isTwin(twin) else { return logger.info("twin \(twin) is this server itself") }
      if hasAnswered || told != reason { logger.warning("twin \(twin) does not answer: \(reason)") }
      told = reason
      await registry.lost(twin)
      try? await Task.sleep(for: pause)
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      error.connectionErrors.first.map { reason($0.error) } ?? "its name \(error.host) is not known"
    case is ChannelError: "it took too long, or has closed the connection"
    default: Launch.reason(error)
    }
  }
}
