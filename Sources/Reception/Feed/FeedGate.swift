import TransportStream

/// Where a station begins for a player: at a random access point (ISO/IEC 13818-1, 2.4.3.5), with the PAT and PMT that came
/// before it.
struct FeedGate: Sendable {
  /// The last PAT packet, then the packets of the last PMT, at most six.
  private var tables = [UInt8](repeating: 0, count: FeedQueue.slotSize)
  private(set) var isOpen = false

  private var pmt: UInt16 = PID.pmt
  private var access: UInt16 = PID.video
  /// A radio station's sound can start at any PES packet; a picture only where the random_access_indicator stands.
  private var isRadio = false
  private var hasPAT = false
  private var mapPackets = 0

  /// Closes until the next random access point of this station.
  mutating func close(for tuning: Tuning) {
    (pmt, access, isRadio) = (tuning.pmt, tuning.accessPID, tuning.video == nil)
    (isOpen, hasPAT, mapPackets) = (false, false, 0)
  }

  func isAccessPoint(_ packet: TSPacket) -> Bool {
    packet.pid == access && packet.payloadUnitStart && (isRadio || packet.randomAccess)
  }

  /// Takes a packet that comes while the gate is closed: a table, or what opens it.
  mutating func look(at packet: TSPacket, _ datagram: Span<UInt8>, at offset: Int) {
    if isAccessPoint(packet) {
      isOpen = hasPAT && mapPackets > 0
      return
    }
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

  /// Gives the player the tables.
  mutating func appendTables(to queue: inout FeedQueue, stamp: inout ContinuityStamp) {
    let count = (1 + mapPackets) * TSPacket.size
    var room = tables.mutableSpan
    for offset in stride(from: 0, to: count, by: TSPacket.size) { stamp.stamp(&room, at: offset) }
    queue.append(tables.span.extracting(0..<count), isAccess: true)
  }
}
