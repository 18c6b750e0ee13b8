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

/// A UDP socket for multicast and a slab for a batch of datagrams, allocated once: add datagrams, then flush them with one
/// system call. What the network refuses is counted and survived. It has one owner, so it may move between threads.
///
/// Datagrams of one length for one destination that are added in a row, of which the last may be shorter, make up a *train*:
/// the kernel takes it through its layers as one and cuts it up at the end (UDP_SEGMENT), which costs little more than a
/// single datagram. Where it cannot do that, they are sent one by one. Datagrams lie in the slab without gaps, so that a
/// train is one piece of memory for the kernel.
@safe
package struct MulticastSender: ~Copyable, @unchecked Sendable {
  /// Bytes that a datagram may fill: an Ethernet frame's payload, of which 1472 travel whole (less 20 of IPv4, 8 of UDP).
  package static let slotSize = 1500

  /// How many datagrams a batch may hold.
  package let capacity: Int
  /// How many datagrams wait for `flush`.
  package private(set) var count = 0
  /// The most datagrams in a train: the kernel takes 64, in 65,507 bytes; more than some make no difference.
  package static let trainLimit = 16
  /// Whether the kernel cuts up trains on this way out, as far as is known.
  package private(set) var cutsTrains = true

  /// Whether datagrams may be cut into fragments.
  private var fragments = false
  /// How many trains the datagrams make up, single ones counted: so many messages for the kernel.
  private var trainCount = 0
  /// Bytes of the slab in use.
  private var filled = 0
  let socket: Descriptor
  private let bytes: UnsafeMutableBufferPointer<UInt8>
  private let trains: UnsafeMutablePointer<Train>
  private let messages: UnsafeMutablePointer<CLinux_mmsghdr>
  /// Of each message, where its train lies.
  private let vectors: UnsafeMutablePointer<iovec>
  private let addresses: UnsafeMutablePointer<sockaddr_in>
  /// Of each message, the control data that says how to cut it.
  private let controls: UnsafeMutableRawPointer

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
    unsafe trains = .allocate(capacity: capacity)
    unsafe vectors = .allocate(capacity: capacity)
    unsafe addresses = .allocate(capacity: capacity)
    unsafe addresses.initialize(repeating: sockaddr_in(), count: capacity)
    unsafe messages = .allocate(capacity: capacity)
    unsafe controls = .allocate(byteCount: capacity * CLinux_segment_control_size(), alignment: 8)
    for place in 0..<capacity {
      unsafe (vectors + place).initialize(to: iovec(iov_base: bytes.baseAddress, iov_len: 0))
      var message = unsafe CLinux_mmsghdr()
      unsafe message.header.msg_name = UnsafeMutableRawPointer(addresses + place)
      unsafe message.header.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
      unsafe message.header.msg_iov = vectors + place
      unsafe message.header.msg_iovlen = 1
      unsafe (messages + place).initialize(to: message)
    }
  }

  deinit {
    unsafe controls.deallocate()
    unsafe messages.deallocate()
    unsafe addresses.deallocate()
    unsafe vectors.deallocate()
    unsafe trains.deallocate()
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
    // Nothing is cut into fragments, so the kernel need not number what it sends, until a card turns out to need that.
    try Socket.set(socket.number, Int32(IPPROTO_IP), IP_MTU_DISCOVER, Int32(IP_PMTUDISC_PROBE), "IP_MTU_DISCOVER")
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

  /// Adds a datagram.
  ///
  /// - Parameter fill: writes the datagram from the span's start and returns its length in bytes; 0 for none.
  /// - Returns: whether a datagram was added: false when the batch is full (then `fill` is not called) or `fill`
  ///   returned 0 or an impossible length.
  package mutating func append(to destination: Destination, _ fill: (inout MutableSpan<UInt8>) -> Int) -> Bool {
    append(to: destination, headerSize: 0) { _, payload in fill(&payload) }
  }

  /// Adds a datagram with a header of `headerSize` bytes, which may be 0, and a payload.
  ///
  /// - Parameter fill: writes both, the payload from its span's start, and returns the payload's length; 0 for none.
  /// - Returns: as above.
  package mutating func append(
    to destination: Destination, headerSize: Int,
    _ fill: (_ header: inout MutableSpan<UInt8>, _ payload: inout MutableSpan<UInt8>) -> Int
  ) -> Bool {
    guard count < capacity, (0..<Self.slotSize).contains(headerSize) else { return false }
    let body = filled + headerSize
    let (first, rest) = unsafe (bytes[filled..<body], bytes[body..<filled + Self.slotSize])
    var header = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: first))
    var payload = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: rest))
    let length = fill(&header, &payload)
    guard length > 0, length <= payload.count else { return false }
    if !lengthenTrain(to: destination, by: headerSize + length) { beginTrain(to: destination, headerSize + length) }
    filled += headerSize + length
    count += 1
    return true
  }

  /// A message of one datagram, the one being added.
  private mutating func beginTrain(to destination: Destination, _ length: Int) {
    unsafe trains[trainCount] = Train(destination: destination, carLength: length, length: length, cars: 1)
    unsafe addresses[trainCount] = Socket.address(destination.group, destination.port)
    unsafe vectors[trainCount].iov_base = UnsafeMutableRawPointer(bytes.baseAddress! + filled)
    unsafe vectors[trainCount].iov_len = length
    unsafe messages[trainCount].header.msg_controllen = 0
    trainCount += 1
  }

  /// Adds the datagram to the last message, if it goes the same way and fits.
  private mutating func lengthenTrain(to destination: Destination, by length: Int) -> Bool {
    let last = trainCount - 1
    guard cutsTrains, last >= 0, unsafe trains[last].takes(length, to: destination) else { return false }
    if unsafe trains[last].cars == 1 {
      let control = unsafe controls + last * CLinux_segment_control_size()
      unsafe CLinux_set_segment_size(&messages[last].header, control, UInt16(trains[last].carLength))
    }
    unsafe trains[last].cars += 1
    unsafe trains[last].length += length
    unsafe vectors[last].iov_len += length
    return true
  }

  /// Sends every datagram added since the last flush, in order. One that the kernel refuses is given up, and the next
  /// one tried.
  ///
  /// - Parameter failed: told of each datagram given up: its place in the batch, from 0, and the errno value.
  package mutating func flush(_ failed: (_ slot: Int, _ code: Int32) -> Void = { _, _ in }) -> SendOutcome {
    var outcome = SendOutcome()
    var (train, slot) = (0, 0)
    while train < trainCount {
      let taken = unsafe CLinux_sendmmsg(
        socket.number, messages + train, UInt32(trainCount - train), Int32(MSG_DONTWAIT))
      outcome.calls += 1
      if taken > 0 {
        for _ in 0..<taken {
          let cars = unsafe trains[train].cars
          outcome.sent += cars
          outcome.trains += 1
          slot += cars
          train += 1
        }
      } else if errno == EINTR {
        outcome.interrupted += 1
      } else {
        let (cars, code) = unsafe (trains[train].cars, errno)
        if code == EMSGSIZE, allowFragments() { continue }
        if cars > 1, Self.isRefusalToCut(code) {
          sendSingly(train, slot, &outcome, failed)
        } else {
          for place in slot..<slot + cars {
            outcome.count(code)
            failed(place, code)
          }
        }
        slot += cars
        train += 1
      }
    }
    (trainCount, count, filled) = (0, 0, 0)
    return outcome
  }

  /// For a card whose frames are shorter than datagrams: fragments are allowed from now on; false when they were.
  private mutating func allowFragments() -> Bool {
    let isNew = !fragments
    fragments = true
    try? Socket.set(socket.number, Int32(IPPROTO_IP), IP_MTU_DISCOVER, Int32(IP_PMTUDISC_DONT), "IP_MTU_DISCOVER")
    return isNew
  }

  /// EIO: the interface computes no checksums; EINVAL: too long for its frames; the rest: not known there.
  private static func isRefusalToCut(_ code: Int32) -> Bool {
    switch code {
    case EIO, EINVAL, EMSGSIZE, EOPNOTSUPP: true
    default: false
    }
  }

  /// Sends the datagrams of a refused train one by one. If they are taken so, no more trains are made.
  private mutating func sendSingly(
    _ train: Int, _ slot: Int, _ outcome: inout SendOutcome, _ failed: (_ slot: Int, _ code: Int32) -> Void
  ) {
    let whole = unsafe trains[train]
    let sent = outcome.sent
    unsafe messages[train].header.msg_controllen = 0
    unsafe vectors[train].iov_len = whole.carLength
    for car in 0..<whole.cars {
      if car == whole.cars - 1 { unsafe vectors[train].iov_len = whole.length - car * whole.carLength }
      var taken: Int32
      repeat {
        taken = unsafe CLinux_sendmmsg(socket.number, messages + train, 1, Int32(MSG_DONTWAIT))
        outcome.calls += 1
        if taken < 0, errno == EINTR { outcome.interrupted += 1 }
      } while taken < 0 && (errno == EINTR || errno == EMSGSIZE && allowFragments())
      if taken > 0 {
        outcome.sent += 1
        outcome.trains += 1
      } else {
        let code = errno
        outcome.count(code)
        failed(slot + car, code)
      }
      unsafe vectors[train].iov_base += whole.carLength
    }
    guard outcome.sent > sent else { return }
    outcome.uncut += 1
    cutsTrains = false
  }
}

/// Datagrams that the kernel takes as one message.
private struct Train {
  let destination: Destination
  /// Of every datagram but the last, which may be shorter: bytes.
  let carLength: Int
  /// Of all of them.
  var length: Int
  var cars: Int

  /// Whether a datagram of so many bytes may follow: only the last one may be shorter than the others.
  func takes(_ next: Int, to destination: Destination) -> Bool {
    cars < MulticastSender.trainLimit && next <= carLength && length == cars * carLength
      && destination == self.destination
  }
}
