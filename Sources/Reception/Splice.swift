import TransportStream

/// Where a station begins and ends for a player. Nothing goes through before a random access point, which PAT and PMT
/// precede; then everything does, each stream from the start of a PES packet. At the end each stream stops before its next
/// PES packet, so that the player gets no half picture.
struct Splice: ~Copyable {
  /// Whether the random access point has come.
  private(set) var isOpen = false
  /// Whether every stream has come to its end after ``close()``.
  var isClosed: Bool { isClosing && running == 0 }
  /// Packets without a sync byte or with an impossible header.
  private(set) var malformed: UInt64 = 0

  private let pmt: UInt16
  private let access: UInt16
  /// A radio station's sound can start at any PES packet; a picture only where the random_access_indicator stands.
  private let isRadio: Bool
  /// The last PAT packet, then the packets of the last PMT, at most six.
  private var tables = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
  private var hasPAT = false
  private var mapPackets = 0
  private enum Stage: UInt8 { case unstarted, running, ended }
  /// By PID: whether a payload unit has started since the splice, and whether the last one is over.
  private var stages = [Stage](repeating: .unstarted, count: 8192)
  /// How many elementary streams are running.
  private var running = 0
  private var isClosing = false
  private var packets = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)

  init(pmt: UInt16, access: UInt16, isRadio: Bool) {
    self.pmt = pmt
    self.access = access
    self.isRadio = isRadio
  }

  /// Passes a datagram's packets on to the queue, with their continuity counters stamped.
  mutating func accept(_ datagram: Span<UInt8>, stamp: inout ContinuityStamp, into queue: inout DatagramQueue) {
    var count = 0
    var isAccess = false
    var offset = 0
    while offset + TSPacket.size <= datagram.count, count < packets.count {
      defer { offset += TSPacket.size }
      guard let packet = TSPacket(datagram, at: offset) else {
        malformed += 1
        continue
      }
      let isAccessPoint = packet.pid == access && packet.payloadUnitStart && (isRadio || packet.randomAccess)
      if !isOpen {
        remember(packet, datagram, at: offset)
        guard isAccessPoint, !isClosing, hasPAT, mapPackets > 0 else { continue }
        open(&stamp, into: &queue)
      }
      isAccess = isAccess || isAccessPoint
      if packet.payloadUnitStart { turn(packet.pid) }
      // A stream that has ended sends no clock either: its counter has gone on without us.
      let isBare = !packet.hasPayload && stages[Int(packet.pid)] != .ended
      guard stages[Int(packet.pid)] == .running || isBare || packet.pid == PID.null else { continue }
      var room = packets.mutableSpan
      for index in 0..<TSPacket.size { room[count + index] = datagram[offset + index] }
      stamp.stamp(&room, at: count)
      count += TSPacket.size
    }
    if count > 0 { queue.append(packets.span.extracting(0..<count), isAccess: isAccess) }
  }

  /// From now on each stream goes on to the end of its PES packet only.
  mutating func close() { isClosing = true }

  /// A payload unit starts.
  private mutating func turn(_ pid: UInt16) {
    // Below 0x20 are the tables of PSI and SI.
    let isStream = pid >= 0x20 && pid != pmt
    switch stages[Int(pid)] {
    case .unstarted where isClosing && isStream: stages[Int(pid)] = .ended
    case .unstarted:
      stages[Int(pid)] = .running
      if isStream { running += 1 }
    case .running where isClosing && isStream:
      stages[Int(pid)] = .ended
      running -= 1
    default: break
    }
  }

  private mutating func remember(_ packet: TSPacket, _ datagram: Span<UInt8>, at offset: Int) {
    var place = 0
    if packet.pid == PID.pat, packet.payloadUnitStart {
      hasPAT = true
    } else if packet.pid == pmt, packet.payloadUnitStart || mapPackets > 0, mapPackets < 6 || packet.payloadUnitStart {
      mapPackets = packet.payloadUnitStart ? 1 : mapPackets + 1
      place = mapPackets * TSPacket.size
    } else {
      return
    }
    var room = tables.mutableSpan
    for index in 0..<TSPacket.size { room[place + index] = datagram[offset + index] }
  }

  private mutating func open(_ stamp: inout ContinuityStamp, into queue: inout DatagramQueue) {
    isOpen = true
    stages[Int(PID.pat)] = .running
    stages[Int(pmt)] = .running
    let count = (1 + mapPackets) * TSPacket.size
    var room = tables.mutableSpan
    for offset in stride(from: 0, to: count, by: TSPacket.size) { stamp.stamp(&room, at: offset) }
    queue.append(tables.span.extracting(0..<count), isAccess: true)
  }
}
