import NIOCore
import NIOPosix

/// Opens many connections, a number of them at a time.
struct Dial: Sendable {
  let server: SocketAddress
  /// This side's addresses, in turn: a machine has only some 28,000 ports to connect from at each.
  let sources: [SocketAddress]
  let loop: any EventLoop

  private static let atOnce = 128

  /// Returns those that stand; each has a handler of its own, made for its number.
  func open(_ count: Int, _ handler: @escaping @Sendable (Int) -> any ChannelHandler) async throws -> [any Channel] {
    try await withThrowingTaskGroup(of: (any Channel)?.self) { group in
      var channels: [any Channel] = []
      channels.reserveCapacity(count)
      for index in 0..<count {
        if index >= Self.atOnce, let channel = try await group.next() { channel.map { channels.append($0) } }
        group.addTask { try? await connect(index, handler) }
      }
      for try await channel in group { channel.map { channels.append($0) } }
      return channels
    }
  }

  private func connect(
    _ index: Int, _ handler: @escaping @Sendable (Int) -> any ChannelHandler
  ) async throws -> any Channel {
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(.seconds(5))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 65_536))
      .channelOption(.maxMessagesPerRead, value: 4)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler(index)) }
      }
    let bound = sources.isEmpty ? bootstrap : bootstrap.bind(to: sources[index % sources.count])
    return try await bound.connect(to: server).get()
  }

  /// How many of the channels' handlers are as they should be.
  func count<Handler: ChannelHandler>(
    _ channels: [any Channel], _: Handler.Type, _ isGood: @escaping @Sendable (Handler) -> Bool
  ) async throws -> Int {
    try await loop.submit {
      channels.count { channel in
        (try? channel.pipeline.syncOperations.handler(type: Handler.self)).map(isGood) ?? false
      }
    }.get()
  }
}

/// Says hello, and notes whether it was welcomed.
final class Greeter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private(set) var isGreeted = false

  func channelActive(context: ChannelHandlerContext) {
    let hello = ByteBuffer(string: #"{"type":"hello","version":1,"client":"controlload"}"# + "\n")
    context.writeAndFlush(wrapOutboundOut(hello), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isGreeted = String(buffer: unwrapInboundIn(data)).contains(#""type":"welcome""#)
  }
}
