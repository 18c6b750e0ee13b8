import TransportStream

/// The packets that a tape says of itself: PAT, PMT, SI slots and clocks. Copied off the muxer's, counted here.
struct TapeTables: Sendable {
  /// The elementary stream that carries the clock.
  let clockPID: UInt16
  /// The continuity counter of the last packet with payload on ``clockPID``: a clock alone repeats it (ISO/IEC 13818-1
  /// §2.4.3.3).
  var counter: UInt8 = 0x0F
  private var association: [UInt8]?
  private var map: [UInt8]?
  private var slot: [UInt8]?
  private let time = TimeAndDate.packet()
  /// How many of each there were: PAT, PMT, SI slot, TDT.
  private var counts: SIMD4<UInt8> = .zero

  init(clockPID: UInt16) { self.clockPID = clockPID }

  /// Whether the PID is that of a table, which the muxer's packets only lend their place to.
  static func isTable(_ pid: UInt16) -> Bool { pid == PID.pat || pid == PID.pmt || pid == PID.sdt }

  /// Looks at a packet of the multiplex: the first of each table is kept to copy.
  mutating func note(_ pid: UInt16, _ packets: Span<UInt8>, at offset: Int) {
    switch pid {
    case PID.pat where association == nil: association = packets.packet(at: offset)
    case PID.pmt where map == nil: map = packets.packet(at: offset)
    case PID.sdt where slot == nil: slot = packets.packet(at: offset)
    default: break
    }
  }

  /// PAT, PMT and SI slot, in the order in which a receiver needs them, and the time and date where asked for.
  mutating func next(withTime: Bool) throws(RecorderError) -> [[UInt8]] {
    guard let association, let map, let slot else {
      throw RecorderError(.internal, "the muxer wrote no tables before the first access unit")
    }
    var tables = [association, map, slot]
    if withTime { tables.append(time) }
    for index in tables.indices {
      tables[index][3] = tables[index][3] & 0xF0 | counts[index] & 0x0F
      counts[index] &+= 1
    }
    return tables
  }

  /// A packet with nothing but a PCR, still to be written (ISO/IEC 13818-1 §2.4.3.4).
  func clock() -> [UInt8] {
    [TSPacket.syncByte, UInt8(clockPID >> 8), UInt8(clockPID & 0xFF), 0x20 | counter, 183, 0x10]
      + [UInt8](repeating: 0, count: 6) + [UInt8](repeating: 0xFF, count: TSPacket.size - 12)
  }
}

extension Span<UInt8> {
  /// The packet that begins at `offset`.
  fileprivate func packet(at offset: Int) -> [UInt8] { (offset..<offset + TSPacket.size).map { self[$0] } }
}
