import CLinux
import Glibc

/// Sees where the IPv4 packets go that come in by an interface, without joining any group.
@safe
package struct PacketTap: ~Copyable {
  private static let slots = 64
  /// An IPv4 header without options (RFC 791 §3.1).
  private static let slotSize = 20

  private let socket: Descriptor
  private let bytes: UnsafeMutableRawBufferPointer
  private let control: UnsafeMutableRawBufferPointer
  private let messages: UnsafeMutablePointer<CLinux_mmsghdr>
  private let vectors: UnsafeMutablePointer<iovec>

  /// Begins to watch; throws EPERM without CAP_NET_RAW.
  package init(interface: NetworkInterface) throws(SystemError) {
    socket = try Self.open(interface)
    let controlSize = CLinux_control_size()
    unsafe bytes = .allocate(byteCount: Self.slots * Self.slotSize, alignment: 4)
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

  private static func open(_ interface: NetworkInterface) throws(SystemError) -> Descriptor {
    let socket = Descriptor(
      owning: try systemCall("watch", interface.name) { CLinux_open_tap(Int32(interface.index)) })
    try Socket.set(socket.number, SOL_SOCKET, CLinux_SO_TIMESTAMPNS, Int32(1), "SO_TIMESTAMPNS")
    Socket.setBuffer(socket.number, bytes: 32 << 20, force: CLinux_SO_RCVBUFFORCE, option: SO_RCVBUF)
    return socket
  }

  /// Waits for packets and tells of all that have come, at most 64; a train of datagrams may count as one.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: how long to wait for the first.
  ///   - body: gets the destination's address (host byte order) and when the kernel received it (Unix nanoseconds).
  /// - Returns: how many; 0 when the time ran out.
  package mutating func receive(
    timeoutMilliseconds: Int, _ body: (UInt32, Int64) -> Void
  ) throws(SystemError) -> Int {
    guard try DescriptorIO.wait(socket.number, toWrite: false, timeoutMilliseconds: timeoutMilliseconds) else {
      return 0
    }
    for slot in 0..<Self.slots { unsafe messages[slot].header.msg_controllen = CLinux_control_size() }
    let received = unsafe CLinux_recvmmsg(socket.number, messages, UInt32(Self.slots), Int32(MSG_DONTWAIT))
    if received < 0 {
      if errno == EAGAIN || errno == EINTR { return 0 }
      throw SystemError(operation: "receive from", subject: "the watched interface", code: errno)
    }
    for slot in 0..<Int(received) where unsafe messages[slot].length >= Self.slotSize {
      var (arrival, drops): (Int64, UInt32) = (0, 0)
      unsafe CLinux_read_control(&messages[slot].header, &arrival, &drops)
      let destination = unsafe bytes.loadUnaligned(fromByteOffset: slot * Self.slotSize + 16, as: UInt32.self)
      body(destination.bigEndian, arrival)
    }
    return Int(received)
  }
}
