/// Moves the continuity counters of a tape's packets on to where a station's have got to, and takes out what is not sent.
package enum Restamp {
  /// Adds to the continuity counter of every packet in the first `count` bytes.
  ///
  /// - Parameter shifts: modulo 16, by ``PID/slot(_:)``. PIDs that are not the house's stay as they are.
  /// - Returns: false when a sync byte is missing: these are not packets.
  package static func advanceCounters(
    in bytes: inout MutableSpan<UInt8>, count: Int, by shifts: SIMD16<UInt8>
  ) -> Bool {
    var at = 0
    while at + TSPacket.size <= count {
      guard bytes[at] == TSPacket.syncByte else { return false }
      let pid = UInt16(bytes[at + 1] & 0x1F) << 8 | UInt16(bytes[at + 2])
      if let slot = PID.slot(pid) {
        bytes[at + 3] = bytes[at + 3] & 0xF0 | (bytes[at + 3] &+ shifts[slot]) & 0x0F
      }
      at += TSPacket.size
    }
    return at == count
  }

  /// Takes the packets of a stream's end out of a datagram of `count` bytes: they become null packets (ISO/IEC 13818-1
  /// §2.4.1), those that carry a PCR become packets with an adaptation field and nothing else, which repeat the stream's
  /// last continuity counter (§2.4.3.3). Tables stay.
  ///
  /// - Parameters:
  ///   - firstPacket: the number on the tape of the datagram's first packet.
  ///   - limits: the number on the tape from which on packets are taken out, by ``PID/slot(_:)``.
  ///   - counters: the last counter sent, modulo 16, by ``PID/slot(_:)``.
  package static func silence(
    in bytes: inout MutableSpan<UInt8>, count: Int, firstPacket: UInt32, from limits: SIMD16<UInt32>,
    counters: SIMD16<UInt8>
  ) {
    for index in 0..<count / TSPacket.size {
      let at = index * TSPacket.size
      guard let packet = TSPacket(bytes.span, at: at), let slot = PID.slot(packet.pid),
        firstPacket &+ UInt32(index) >= limits[slot]
      else { continue }
      guard let clock = packet.pcrOffset else {
        TSPacket.writeNull(to: &bytes, at: at)
        continue
      }
      let pcrFlag: UInt8 = 0x10
      bytes[at + 1] &= 0x1F
      bytes[at + 3] = 0x20 | counters[slot] & 0x0F
      bytes[at + 4] = UInt8(TSPacket.size - 5)
      bytes[at + 5] = pcrFlag
      for stuffing in at + clock + 6..<at + TSPacket.size { bytes[stuffing] = 0xFF }
    }
  }

  /// Writes a packet with a PCR and nothing else to the start of `bytes` (ISO/IEC 13818-1 §2.4.3.4); `counter` is the last one
  /// sent of its PID.
  package static func writeClock(_ pcr: UInt64, pid: UInt16, counter: UInt8, to bytes: inout MutableSpan<UInt8>) {
    let pcrFlag: UInt8 = 0x10
    bytes[0] = TSPacket.syncByte
    bytes[1] = UInt8(truncatingIfNeeded: pid >> 8 & 0x1F)
    bytes[2] = UInt8(truncatingIfNeeded: pid)
    bytes[3] = 0x20 | counter & 0x0F
    bytes[4] = UInt8(TSPacket.size - 5)
    bytes[5] = pcrFlag
    ClockReference.write(pcr, to: &bytes, at: 6)
    for stuffing in 12..<TSPacket.size { bytes[stuffing] = 0xFF }
  }
}
