import TransportStream

/// Where a station begins for a player: nothing goes through before a random access point, which PAT and PMT precede;
/// then everything does, each stream from the start of a PES packet.
struct Splice: ~Copyable {
  /// Whether the random access point has come.
  private(set) var isOpen = false
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
  /// By PID: whether a payload unit has started since the splice.
  private var started = [Bool](repeating: false, count: 8192)
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
        guard isAccessPoint, hasPAT, mapPackets > 0 else { continue }
        open(&stamp, into: &queue)
      }
      isAccess = isAccess || isAccessPoint
      if packet.pid == PID.null || packet.payloadUnitStart { started[Int(packet.pid)] = true }
      guard started[Int(packet.pid)] || !packet.hasPayload else { continue }
      var room = packets.mutableSpan
      for index in 0..<TSPacket.size { room[count + index] = datagram[offset + index] }
      stamp.stamp(&room, at: count)
      count += TSPacket.size
    }
    if count > 0 { queue.append(packets.span.extracting(0..<count), isAccess: isAccess) }
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
    started[Int(PID.pat)] = true
    started[Int(pmt)] = true
    let count = (1 + mapPackets) * TSPacket.size
    var room = tables.mutableSpan
    for offset in stride(from: 0, to: count, by: TSPacket.size) { stamp.stamp(&room, at: offset) }
    queue.append(tables.span.extracting(0..<count), isAccess: true)
  }
}
