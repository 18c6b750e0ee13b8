import NIOCore
import NIOPosix
import Synchronization

/// A server on the loopback that does as it is told: for each connection a script, and a note of what was asked.
final class LocalServer: Sendable {
  enum Reply: Sendable {
    /// A whole answer with status 200.
    case body([UInt8], type: String)
    /// Any status, with these header lines besides.
    case status(String, headers: [String] = [])
    /// The beginning of an endless answer, then these pieces, each so many milliseconds after the one before; then the
    /// connection is closed, unless it is to be held.
    case stream([[UInt8]], type: String, every: Int64, holds: Bool = false)
    /// Nothing at all.
    case silence
    /// Not HTTP.
    case raw([UInt8])
  }

  private let channel: any Channel
  let port: Int
  private let log: Requests

  private final class Requests: Sendable {
    let lines = Mutex<[String]>([])
    let connections = Atomic<Int>(0)
  }

  /// The request lines so far: "GET /a HTTP/1.1".
  var requests: [String] { log.lines.withLock { $0 } }
  var connections: Int { log.connections.load(ordering: .relaxed) }

  init(_ answer: @escaping @Sendable (_ path: String, _ request: String) -> Reply) async throws {
    let log = Requests()
    self.log = log
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          log.connections.add(1, ordering: .relaxed)
          try channel.pipeline.syncOperations.addHandler(Handler(log: log, answer: answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func close() async { try? await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let log: Requests
    private let answer: @Sendable (String, String) -> Reply
    private var text = ""

    init(log: Requests, answer: @escaping @Sendable (String, String) -> Reply) {
      self.log = log
      self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      guard text.hasSuffix("\r\n\r\n") else { return }
      let request = text
      text = ""
      let line = String(request.prefix { $0 != "\r\n" })
      log.lines.withLock { $0.append(line) }
      let words = line.split(separator: " ")
      let path = words.count > 1 ? String(words[1]) : ""
      switch answer(path, request) {
      case .body(let bytes, let type):
        send(context, "HTTP/1.1 200 OK", ["Content-Type: \(type)", "Content-Length: \(bytes.count)"])
        write(context, bytes)
        context.close(promise: nil)
      case .status(let status, let headers):
        send(context, "HTTP/1.1 \(status)", headers + ["Content-Length: 0"])
        context.close(promise: nil)
      case .stream(let pieces, let type, let every, let holds):
        send(context, "HTTP/1.1 200 OK", ["Content-Type: \(type)"])
        let channel = context.channel
        for (index, piece) in pieces.enumerated() {
          channel.eventLoop.scheduleTask(in: .milliseconds(every * Int64(index))) {
            channel.writeAndFlush(ByteBuffer(bytes: piece), promise: nil)
          }
        }
        if !holds {
          channel.eventLoop.scheduleTask(in: .milliseconds(every * Int64(pieces.count))) {
            channel.close(promise: nil)
          }
        }
      case .silence: break
      case .raw(let bytes):
        write(context, bytes)
        context.close(promise: nil)
      }
    }

    private func send(_ context: ChannelHandlerContext, _ status: String, _ headers: [String]) {
      let head = ([status] + headers + ["Connection: close", "", ""]).joined(separator: "\r\n")
      write(context, Array(head.utf8))
    }

    private func write(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
  }
}
