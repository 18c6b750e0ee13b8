import CLinux
import Glibc

/// A UDP socket that has joined one multicast group (or, for feeds, listens on an address), and room for a batch of its datagrams, allocated once.
/// It has one owner, so it may move between threads.
@safe
package struct MulticastReceiver: ~Copyable, @unchecked Sendable {
  /// The longest datagram that comes through whole; longer ones are dropped.
  package static let slotSize = 2048
  /// The most datagrams that come at once.
  package static let batch = 64
  private static let slots = batch

  /// The socket, for those who wait for several descriptors with `poll`.
  package var descriptor: Int32 { socket.number }
  /// Datagrams the kernel dropped because this socket's buffer was full, as of the last datagram received.
  package private(set) var kernelDrops: UInt64 = 0

  private let socket: Descriptor
  private let bytes: UnsafeMutableRawBufferPointer
  private let control: UnsafeMutableRawBufferPointer
  private let messages: UnsafeMutablePointer<CLinux_mmsghdr>
  private let vectors: UnsafeMutablePointer<iovec>
  private let controlSize: Int

  /// Joins a group. The socket is bound to the group's own address and takes only what this interface brings, so
  /// nothing of other groups on the same port comes through; others on this machine may join as well.
  ///
  /// - Parameters:
  ///   - group: an IPv4 multicast address.
  ///   - interface: nil for the one the routing table names for the group.
  ///   - receiveBuffer: bytes the kernel should hold for us; it may grant less.
  package init(
    group: String, port: UInt16, interface: NetworkInterface?, receiveBuffer: Int
  ) throws(SystemError) {
    self.init(try Self.join(group, port, interface, receiveBuffer))
  }

  /// Receives what is sent to one of this machine's own addresses, instead of a group.
  ///
  /// - Parameters:
  ///   - address: one of this machine's IPv4 addresses; "0.0.0.0" is all of them.
  ///   - receiveBuffer: bytes the kernel should hold for us; it may grant less.
  package init(unicast address: String, port: UInt16, receiveBuffer: Int) throws(SystemError) {
    guard let number = IPv4.parse(address), !IPv4.isMulticast(number) else {
      throw SystemError(operation: "receive on", subject: "\(address), which is no address of a host", code: EINVAL)
    }
    let socket = try Socket.open(AF_INET, CLinux_SOCK_DGRAM)
    try Self.prepare(socket.number, receiveBuffer)
    try Socket.bind(socket.number, address: number, port: port)
    self.init(socket)
  }

  private init(_ socket: consuming Descriptor) {
    self.socket = socket
    controlSize = CLinux_control_size()
    unsafe bytes = .allocate(byteCount: Self.slots * Self.slotSize, alignment: 64)
    unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe control = .allocate(byteCount: Self.slots * controlSize, alignment: 16)
    unsafe vectors = .allocate(capacity: Self.slots)
    unsafe messages = .allocate(capacity: Self.slots)
    for slot in 0..<Self.slots {
      unsafe (vectors + slot).initialize(
        to: iovec(iov_base: bytes.baseAddress! + slot * Self.slotSize, iov_len: Self.slotSize))
      var message = unsafe CLinux_mmsghdr()
      unsafe message.header.msg_iov = vectors + slot
      unsafe message.header.msg_iovlen = 1
      unsafe message.header.msg_control = control.baseAddress! + slot * controlSize
      unsafe (messages + slot).initialize(to: message)
    }
  }

  deinit {
    unsafe messages.deallocate()
    unsafe vectors.deallocate()
    unsafe control.deallocate()
    unsafe bytes.deallocate()
  }

  private static func join(
    _ group: String, _ port: UInt16, _ interface: NetworkInterface?, _ receiveBuffer: Int
  ) throws(SystemError) -> Descriptor {
    guard let address = IPv4.parse(group), IPv4.isMulticast(address) else {
      throw SystemError(operation: "join", subject: "\(group), which is no multicast group", code: EINVAL)
    }
    let socket = try Socket.open(AF_INET, CLinux_SOCK_DGRAM)
    let number = socket.number
    try Socket.set(number, SOL_SOCKET, SO_REUSEADDR, Int32(1), "SO_REUSEADDR")
    try Socket.set(number, Int32(IPPROTO_IP), CLinux_IP_MULTICAST_ALL, Int32(0), "IP_MULTICAST_ALL")
    try prepare(number, receiveBuffer)
    try Socket.bind(number, address: address, port: port)
    let membership = ip_mreqn(
      imr_multiaddr: in_addr(s_addr: address.bigEndian), imr_address: in_addr(),
      imr_ifindex: Int32(interface?.index ?? 0))
    try systemCall("join", "\(group) on \(interface?.name ?? "the interface routed to it")") {
      unsafe withUnsafePointer(to: membership) {
        unsafe setsockopt(
          number, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, $0, socklen_t(MemoryLayout<ip_mreqn>.size))
      }
    }
    return socket
  }

  private static func prepare(_ socket: Int32, _ receiveBuffer: Int) throws(SystemError) {
    try Socket.set(socket, SOL_SOCKET, CLinux_SO_TIMESTAMPNS, Int32(1), "SO_TIMESTAMPNS")
    try Socket.set(socket, SOL_SOCKET, CLinux_SO_RXQ_OVFL, Int32(1), "SO_RXQ_OVFL")
    Socket.setBuffer(socket, bytes: receiveBuffer, force: CLinux_SO_RCVBUFFORCE, option: SO_RCVBUF)
  }

  /// Waits for datagrams and hands over all that have come, in order of arrival, at most 64.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: how long to wait for the first; negative: for ever.
  ///   - body: gets the datagram's payload and when the kernel received it (Unix nanoseconds; 0 if not known).
  /// - Returns: how many datagrams; 0 when the time ran out.
  package mutating func receive(
    timeoutMilliseconds: Int, _ body: (Span<UInt8>, Int64) -> Void
  ) throws(SystemError) -> Int {
    guard try DescriptorIO.wait(socket.number, toWrite: false, timeoutMilliseconds: timeoutMilliseconds) else {
      return 0
    }
    return try take(body)
  }

  /// Hands over the datagrams that have come, in order of arrival, at most ``batch``, without waiting.
  ///
  /// - Parameter body: as with ``receive(timeoutMilliseconds:_:)``.
  /// - Returns: how many datagrams; fewer than ``batch``: there are no more.
  package mutating func take(_ body: (Span<UInt8>, Int64) -> Void) throws(SystemError) -> Int {
    for slot in 0..<Self.slots { unsafe messages[slot].header.msg_controllen = controlSize }
    let received = unsafe CLinux_recvmmsg(
      socket.number, messages, UInt32(Self.slots), Int32(MSG_DONTWAIT))
    if received < 0 {
      if errno == EAGAIN || errno == EINTR { return 0 }  // a datagram with a bad checksum was dropped after all
      throw SystemError(operation: "receive from", subject: "the multicast socket", code: errno)
    }
    for slot in 0..<Int(received) {
      var arrival: Int64 = 0
      var drops = UInt32(truncatingIfNeeded: kernelDrops)
      unsafe CLinux_read_control(&messages[slot].header, &arrival, &drops)
      kernelDrops += UInt64(drops &- UInt32(truncatingIfNeeded: kernelDrops))
      let truncated = unsafe messages[slot].header.msg_flags & Int32(MSG_TRUNC) != 0
      if truncated { continue }
      let start = slot * Self.slotSize
      let length = unsafe Int(messages[slot].length)
      let payload = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<(start + length)])
      unsafe body(Span<UInt8>(_unsafeBytes: payload), arrival)
    }
    return Int(received)
  }
}
