import FoundationEssentials
import NIOCore
import NIOPosix
import Playout
import Testing
import TransportStream
import Wire

@testable import StationServer

/// A client of the stream connection over real TCP.
struct StreamClient {
  typealias Bytes = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var unread = ByteBuffer()

  /// Connects, says `line`, and hangs up after `body`.
  static func talk<R: Sendable>(
    _ port: Int, _ line: String, _ body: @Sendable (inout StreamClient) async throws -> R
  ) async throws -> R {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try Bytes(wrappingChannelSynchronously: channel) }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var client = StreamClient(inbound: inbound.makeAsyncIterator(), outbound: outbound)
      try await client.say(line)
      return try await body(&client)
    }
  }

  func say(_ line: String) async throws { try await outbound.write(ByteBuffer(string: line + "\n")) }

  /// The next line; nil at the end.
  mutating func line() async throws -> ServerMessage? {
    while !unread.readableBytesView.contains(0x0A) {
      guard var more = try await inbound.next() else { return nil }
      unread.writeBuffer(&more)
    }
    let length = try #require(unread.readableBytesView.firstIndex(of: 0x0A)) - unread.readerIndex
    let line = unread.readBytes(length: length + 1) ?? []
    return try JSONDecoder().decode(ServerMessage.self, from: Data(line))
  }

  /// What stands in the answer that there has to be.
  mutating func reply() async throws -> StreamReply {
    let line = try await self.line()
    guard case .stream(let reply) = line else { throw Unexpected(line: "\(String(describing: line))") }
    return reply
  }

  struct Unexpected: Error { var line: String }

  /// The next frame, its length included; nil at the end.
  mutating func frame() async throws -> [UInt8]? {
    while true {
      if let length = unread.getInteger(at: unread.readerIndex, as: UInt16.self),
        unread.readableBytes >= Int(length) + 2
      {
        return unread.readBytes(length: Int(length) + 2)
      }
      guard var more = try await inbound.next() else { return nil }
      unread.discardReadBytes()
      unread.writeBuffer(&more)
    }
  }

  mutating func frames(_ count: Int) async throws -> [[UInt8]] {
    var frames: [[UInt8]] = []
    while frames.count < count, let frame = try await frame() { frames.append(frame) }
    return frames
  }
}

extension AirBoard.Air {
  /// A datagram in its frame, by RFC 4571 (section 2), RFC 3550 (section 5.1) and RFC 2250 (section 2).
  func frame(_ n: Int64) -> [UInt8] {
    var payload = [UInt8](repeating: 0, count: 1_316)
    var span = payload.mutableSpan
    let cursor = station.cursor(at: n)
    let length = cursor.write(into: &span)
    func bytes(_ value: Int64, _ count: Int) -> [UInt8] {
      (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * Int64($0))) }
    }
    return bytes(Int64(length + 12), 2) + [0x80, 33] + bytes(n, 2) + bytes(cursor.date.count / 300, 4)
      + bytes(Int64(ssrc), 4) + payload[..<length]
  }
}
