import NIOCore
import NIOPosix
import Testing

/// Where a test's feed goes: a port that nobody has just now, and a multicast group of its own. The same tests may run
/// several times on one machine at once, and must not hear each other.
struct FeedPlace: CustomStringConvertible {
  let port: UInt16
  /// Of 239.255.128.0/17, to be joined on the loopback.
  var group: String { "239.255.\(128 | port >> 8 & 0x7F).\(port & 0xFF)" }
  var description: String { "\(group):\(port)" }

  init() throws { port = try FeedPlace.port() }

  /// An even UDP port that is free.
  static func port() throws -> UInt16 {
    for _ in 0..<100 {
      let channel = try DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .bind(host: "0.0.0.0", port: 0).wait()
      let port = channel.localAddress?.port
      try channel.close().wait()
      if let port, port % 2 == 0 { return UInt16(port) }
    }
    throw CancellationError()
  }
}
