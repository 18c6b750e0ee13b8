import Glibc
import LinuxIO
import NIOCore
import NIOPosix
import Wire

/// One TCP connection to a server: its messages as a sequence that ends with the connection.
final class ControlConnection: Sendable {
  let server: ServerAddress
  /// What the server says, in order; for one reader at a time.
  let messages: AsyncStream<ServerMessage>
  private let channel: any Channel

  /// Connects within three seconds, or throws what to tell a person.
  ///
  /// - Parameter reach: where the server may be, whatever its name says; nil for anywhere.
  init(_ server: ServerAddress, within reach: AddressReach? = nil) async throws(TunerError) {
    let (messages, continuation) = AsyncStream.makeStream(
      of: ServerMessage.self, bufferingPolicy: .bufferingNewest(512))
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(3))
      .channelOption(.socketOption(.so_keepalive), value: 1)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      // A cut cable says nothing by itself; a report that is not acknowledged for so long does, in milliseconds.
      .channelOption(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), value: 6000)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(MessageDecoder<ServerMessage>()),
            MessageToByteHandler(MessageEncoder<ClientMessage>()),
            Inbox(continuation),
          ])
        }
      }
    do {
      var host = server.host
      if let reach {
        // Looked up first: nobody is to be so much as called who may not be.
        let known = try await NIOThreadPool.singleton.runIfActive { HostName.addresses(server.host) }
        guard let address = known.first(where: { AddressReach($0) == reach }) else { throw ChannelError.eof }
        host = address
      }
      channel = try await bootstrap.connect(host: host, port: server.port).get()
    } catch {
      throw Self.explain(error, server)
    }
    self.server = server
    self.messages = messages
  }

  /// The address of this machine's end, as text.
  var localAddress: String? { channel.localAddress?.zonedAddress }

  /// The server's address as text.
  var remoteAddress: String? { channel.remoteAddress?.zonedAddress }

  /// How far away the server is.
  var reach: AddressReach? { remoteAddress.flatMap(AddressReach.init(_:)) }

  /// Sends a message; a connection that has ended loses it.
  func send(_ message: ClientMessage) {
    channel.writeAndFlush(message, promise: nil)
  }

  /// Ends the connection, and with it ``messages``.
  func close() {
    channel.close(promise: nil)
  }

  /// Ends the connection after a while, so that nobody waits for ever for an answer; the result cancels that.
  func closeAfter(seconds: Int64) -> Scheduled<Void> {
    channel.eventLoop.scheduleTask(in: .seconds(seconds)) { [channel] in channel.close(promise: nil) }
  }

  private static func explain(_ error: any Error, _ server: ServerAddress) -> TunerError {
    var reason = "no connection"
    switch error {
    case let error as IOError:
      reason = SystemError(operation: "", subject: "", code: error.errnoCode).reason
    case let error as NIOConnectionError:
      let codes = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
      if let code = codes.first {
        reason = SystemError(operation: "", subject: "", code: code).reason
      } else if error.connectionErrors.isEmpty {
        reason = "the host name is not known"
      } else {
        reason = "it took too long"
      }
    case is ChannelError: reason = "it took too long"
    default: break
    }
    return TunerError(
      .unavailable,
      "No stationd answers at \(server) (\(reason)). Start one there with \"stationd --config stations.json\", "
        + "or name another with --server HOST[:PORT] or TUNER_SERVER.")
  }

  /// Passes messages on; a line that is none is passed over.
  private final class Inbox: ChannelInboundHandler {
    typealias InboundIn = Result<ServerMessage, MessageError>

    private let continuation: AsyncStream<ServerMessage>.Continuation

    init(_ continuation: AsyncStream<ServerMessage>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if case .success(let message) = unwrapInboundIn(data) { continuation.yield(message) }
    }

    func channelInactive(context: ChannelHandlerContext) {
      continuation.finish()
      context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}

extension ControlConnection {
  /// A connection to the first of the servers that there is; throws what the first of them said when there is none.
  static func first(of servers: [ServerAddress]) async throws(TunerError) -> ControlConnection {
    var first: TunerError?
    for server in servers {
      do throws(TunerError) {
        return try await ControlConnection(server)
      } catch {
        first = first ?? error
      }
    }
    throw first ?? TunerError(.usage, "There is no server to ask.")
  }
}
