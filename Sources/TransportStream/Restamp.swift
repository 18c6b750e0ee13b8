/// Moves the continuity counters of a tape's packets on to where a station's have got to.
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
}
