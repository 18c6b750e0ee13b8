import CLinux
import Glibc

/// The client's end of a TCP connection that never waits: whoever owns it polls.
package struct StreamSocket: ~Copyable, Sendable {
  private let socket: Descriptor
  /// "ADDRESS:PORT", for errors.
  private let peer: String

  /// For `poll`: writable when the connection stands or has failed.
  package var descriptor: Int32 { socket.number }

  /// How long data may stay unacknowledged, or a probe unanswered, before the kernel gives the connection up, in
  /// milliseconds. A cut cable says nothing by itself.
  private static let patience: Int32 = 3000
  /// Seconds of silence before the kernel asks whether the peer is still there.
  private static let probeAfter: Int32 = 2

  /// TCP_RTO_MIN_US and TCP_DELACK_MAX_US, which linux/tcp.h has since 6.15.
  package static let leastTimeoutOption: Int32 = 45
  private static let longestDelayOption: Int32 = 46
  /// Microseconds beyond a round trip after which what was not acknowledged is sent again, where the kernel lets us choose;
  /// else it is 200 ms, which is too late for most receivers.
  package static let leastTimeout: Int32 = 20_000

  /// Begins to connect.
  ///
  /// - Parameters:
  ///   - address: an IPv4 or IPv6 address as text, with a zone where it needs one; no host name.
  ///   - port: 1 to 65535.
  /// - Throws: EINVAL when it is no address, and whatever the kernel says at once.
  package init(to address: String, port: Int) throws(SystemError) {
    let peer = address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    unsafe hints.ai_socktype = CLinux_SOCK_STREAM
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(address, "\(port)", &hints, &list) == 0, let found = unsafe list else {
      throw SystemError(operation: "connect to", subject: peer, code: EINVAL)
    }
    defer { unsafe freeaddrinfo(list) }
    let socket = try unsafe Socket.open(found.pointee.ai_family, CLinux_SOCK_STREAM, nonBlocking: true)
    let number = socket.number
    try Socket.set(number, Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1), "TCP_NODELAY")
    try Socket.set(number, SOL_SOCKET, SO_KEEPALIVE, Int32(1), "SO_KEEPALIVE")
    try Socket.set(number, Int32(IPPROTO_TCP), TCP_KEEPIDLE, Self.probeAfter, "TCP_KEEPIDLE")
    try Socket.set(number, Int32(IPPROTO_TCP), TCP_KEEPINTVL, Int32(1), "TCP_KEEPINTVL")
    try Socket.set(number, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Self.patience, "TCP_USER_TIMEOUT")
    Self.hasten(number)
    let result = unsafe connect(number, found.pointee.ai_addr, found.pointee.ai_addrlen)
    if result < 0 && errno != EINPROGRESS && errno != EINTR {
      throw SystemError(operation: "connect to", subject: peer, code: errno)
    }
    self.socket = socket
    self.peer = peer
  }

  /// Has the kernel look soon for what was lost, and acknowledge soon itself. Where it cannot, nothing else is different.
  private static func hasten(_ number: Int32) {
    try? Socket.set(number, Int32(IPPROTO_TCP), Self.leastTimeoutOption, Self.leastTimeout, "TCP_RTO_MIN_US")
    try? Socket.set(number, Int32(IPPROTO_TCP), Self.longestDelayOption, leastTimeout / 2, "TCP_DELACK_MAX_US")
  }

  /// Whether the connection stands; false while it is on its way. Throws why it does not come about.
  package func isConnected() throws(SystemError) -> Bool {
    guard try DescriptorIO.wait(socket.number, toWrite: true, timeoutMilliseconds: 0) else { return false }
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    try systemCall("look at", peer) { unsafe getsockopt(socket.number, SOL_SOCKET, SO_ERROR, &code, &size) }
    guard code == 0 else { throw SystemError(operation: "connect to", subject: peer, code: code) }
    return true
  }

  /// Reads what has come, into `bytes` from `offset` on; nil when nothing has.
  ///
  /// - Returns: how many bytes, at least one.
  /// - Throws: EPIPE when the peer has closed the connection.
  package func read(into bytes: inout MutableSpan<UInt8>, from offset: Int) throws(SystemError) -> Int? {
    guard offset < bytes.count else { return nil }
    let count = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      unsafe recv(
        socket.number, buffer.baseAddress! + offset, buffer.count - offset, Int32(MSG_DONTWAIT))
    }
    if count > 0 { return count }
    let code = count == 0 ? EPIPE : errno
    if code == EAGAIN || code == EINTR { return nil }
    throw SystemError(operation: "read from", subject: peer, code: code)
  }

  /// Writes what the kernel takes just now.
  ///
  /// - Returns: how many bytes it took.
  package func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    guard !bytes.isEmpty else { return 0 }
    // No SIGPIPE: a peer that hung up is an error like any other.
    let count = unsafe bytes.withUnsafeBufferPointer {
      unsafe send(socket.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
    }
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EINTR { return 0 }
    throw SystemError(operation: "write to", subject: peer, code: errno)
  }
}
