import CLinux
import Glibc

/// Where datagrams go: a multicast group and a port.
package struct Destination: Hashable, Sendable {
  let group: UInt32
  /// The UDP port; the kernel refuses 0.
  package let port: UInt16

  /// Nil when the group is no IPv4 multicast address (224.0.0.0/4).
  package init?(group: String, port: UInt16) {
    guard let address = IPv4.parse(group), IPv4.isMulticast(address) else { return nil }
    self.group = address
    self.port = port
  }
}

/// What became of a batch of datagrams.
package struct SendOutcome: Hashable, Sendable {
  /// Taken by the kernel.
  package var sent = 0
  /// Not taken: ENOBUFS, the interface's queue is full.
  package var noBuffers = 0
  /// Not taken: EAGAIN, the socket's buffer is full.
  package var wouldBlock = 0
  /// Not taken: the interface is down or without a way out (ENETDOWN, ENETUNREACH, EHOSTUNREACH, ENODEV, EADDRNOTAVAIL).
  package var networkDown = 0
  /// Not taken, for any other reason.
  package var otherErrors = 0
  /// Calls interrupted by a signal (EINTR) and made again; no datagram is lost by them.
  package var interrupted = 0
  /// The last reason, an errno value; 0 when all were taken.
  package var lastError: Int32 = 0

  /// Not taken, for whatever reason.
  package var failed: Int { noBuffers + wouldBlock + networkDown + otherErrors }

  mutating func count(_ code: Int32) {
    lastError = code
    switch code {
    case ENOBUFS, ENOMEM: noBuffers += 1
    case EAGAIN: wouldBlock += 1
    case ENETDOWN, ENETUNREACH, EHOSTUNREACH, ENODEV, ENXIO, EADDRNOTAVAIL: networkDown += 1
    default: otherErrors += 1
    }
  }
}

/// A UDP socket for multicast and a slab of datagram slots, all allocated once: fill slots, then flush them with one
/// system call. What the network refuses is counted and survived. It has one owner, so it may move between threads.
@safe
package struct MulticastSender: ~Copyable, @unchecked Sendable {
  /// Bytes a slot holds: an Ethernet frame's payload. A datagram may use 1472 of them (less 20 of IPv4, 8 of UDP).
  package static let slotSize = 1500

  /// How many datagrams a batch may hold.
  package let capacity: Int
  /// How many datagrams wait for `flush`.
  package private(set) var count = 0

  private let socket: Descriptor
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  private let messages: UnsafeMutablePointer<CLinux_mmsghdr>
  private let vectors: UnsafeMutablePointer<iovec>
  private let addresses: UnsafeMutablePointer<sockaddr_in>

  /// Opens the socket. Datagrams also reach receivers on this machine (IP_MULTICAST_LOOP).
  ///
  /// - Parameters:
  ///   - ttl: routers the datagrams may pass, plus one: 0...255.
  ///   - dscp: differentiated services code point (RFC 2474), 0...63.
  ///   - sourcePort: the datagrams' source port, shared with other senders of this machine, so that a receiver that
  ///     knows a source by its address (RFC 3550, 8.2) does not notice a new process; 0, or one in use without
  ///     SO_REUSEADDR: any.
  /// - Throws: when the kernel refuses one of them.
  package init(
    interface: NetworkInterface, ttl: Int, dscp: Int, capacity: Int, sourcePort: UInt16 = 0
  ) throws(SystemError) {
    socket = try Self.open(interface, ttl, dscp, sourcePort)
    self.capacity = capacity
    unsafe bytes = .allocate(capacity: capacity * Self.slotSize)
    unsafe bytes.initialize(repeating: 0)
    unsafe vectors = .allocate(capacity: capacity)
    unsafe addresses = .allocate(capacity: capacity)
    unsafe addresses.initialize(repeating: sockaddr_in(), count: capacity)
    unsafe messages = .allocate(capacity: capacity)
    for slot in 0..<capacity {
      unsafe (vectors + slot).initialize(
        to: iovec(iov_base: bytes.baseAddress! + slot * Self.slotSize, iov_len: 0))
      var message = unsafe CLinux_mmsghdr()
      unsafe message.header.msg_name = UnsafeMutableRawPointer(addresses + slot)
      unsafe message.header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
      unsafe message.header.msg_iov = vectors + slot
      unsafe message.header.msg_iovlen = 1
      unsafe (messages + slot).initialize(to: message)
    }
  }

  deinit {
    unsafe messages.deallocate()
    unsafe addresses.deallocate()
    unsafe vectors.deallocate()
    unsafe bytes.deallocate()
  }

  private static func open(
    _ interface: NetworkInterface, _ ttl: Int, _ dscp: Int, _ sourcePort: UInt16
  ) throws(SystemError) -> Descriptor {
    let socket = try Socket.open(AF_INET, CLinux_SOCK_DGRAM, nonBlocking: true)
    let out = ip_mreqn(imr_multiaddr: in_addr(), imr_address: in_addr(), imr_ifindex: Int32(interface.index))
    try Socket.set(socket.number, SOL_SOCKET, SO_REUSEADDR, Int32(1), "SO_REUSEADDR")
    try Socket.set(socket.number, Int32(IPPROTO_IP), IP_MULTICAST_IF, out, "IP_MULTICAST_IF")
    try Socket.set(socket.number, Int32(IPPROTO_IP), IP_MULTICAST_TTL, Int32(clamping: ttl), "IP_MULTICAST_TTL")
    try Socket.set(socket.number, Int32(IPPROTO_IP), IP_MULTICAST_LOOP, Int32(1), "IP_MULTICAST_LOOP")
    try Socket.set(socket.number, Int32(IPPROTO_IP), CLinux_IP_MULTICAST_ALL, Int32(0), "IP_MULTICAST_ALL")
    // The code point is the upper six bits of the former TOS byte (RFC 2474, 3).
    try Socket.set(socket.number, Int32(IPPROTO_IP), IP_TOS, Int32(clamping: dscp) << 2, "IP_TOS")
    Socket.setBuffer(socket.number, bytes: 4 << 20, force: CLinux_SO_SNDBUFFORCE, option: SO_SNDBUF)
    if sourcePort != 0 {
      // Bound to the interface's own address, so that no datagram for a group ever queues up here.
      let own = interface.address.flatMap(IPv4.parse) ?? 0
      try? Socket.bind(socket.number, address: own, port: sourcePort)
    }
    return socket
  }

  /// Fills the next slot.
  ///
  /// - Parameter fill: writes the datagram from the span's start and returns its length in bytes; 0 for none.
  /// - Returns: whether a datagram was added: false when the batch is full (then `fill` is not called) or `fill`
  ///   returned 0 or an impossible length.
  package mutating func append(to destination: Destination, _ fill: (inout MutableSpan<UInt8>) -> Int) -> Bool {
    append(to: destination, headerSize: 0) { _, payload in fill(&payload) }
  }

  /// Fills the next slot with a header of `headerSize` bytes, which may be 0, and a payload.
  ///
  /// - Parameter fill: writes both, the payload from its span's start, and returns the payload's length; 0 for none.
  /// - Returns: as above.
  package mutating func append(
    to destination: Destination, headerSize: Int,
    _ fill: (_ header: inout MutableSpan<UInt8>, _ payload: inout MutableSpan<UInt8>) -> Int
  ) -> Bool {
    guard count < capacity, (0..<Self.slotSize).contains(headerSize) else { return false }
    let start = count * Self.slotSize
    let body = start + headerSize
    let (first, rest) = unsafe (bytes[start..<body], bytes[body..<start + Self.slotSize])
    var header = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: first))
    var payload = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: rest))
    let length = fill(&header, &payload)
    guard length > 0, length <= payload.count else { return false }
    unsafe vectors[count].iov_len = headerSize + length
    unsafe addresses[count] = Socket.address(destination.group, destination.port)
    count += 1
    return true
  }

  /// Sends every datagram added since the last flush, in order. One that the kernel refuses is given up, and the next
  /// one tried.
  ///
  /// - Parameter failed: told of each datagram given up: its place in the batch, from 0, and the errno value.
  package mutating func flush(_ failed: (_ slot: Int, _ code: Int32) -> Void = { _, _ in }) -> SendOutcome {
    var outcome = SendOutcome()
    var next = 0
    while next < count {
      let left = UInt32(count - next)
      let taken = unsafe CLinux_sendmmsg(socket.number, messages + next, left, Int32(MSG_DONTWAIT))
      if taken > 0 {
        outcome.sent += Int(taken)
        next += Int(taken)
      } else if errno == EINTR {
        outcome.interrupted += 1
      } else {
        let code = errno
        outcome.count(code)
        failed(next, code)
        next += 1
      }
    }
    count = 0
    return outcome
  }
}
