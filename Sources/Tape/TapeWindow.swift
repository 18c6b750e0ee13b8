import TransportStream

extension Tape {
  /// How often whoever plays a tape should call ``slide(to:)``: every so many datagrams.
  package static let windowStride = 256
  private static let windowBytes = windowStride * TSPacket.perDatagram * TSPacket.size

  /// Moves the part of the tape that is held in memory on to datagram `number`: what comes is read ahead, what lies
  /// behind is let go, so that a long tape costs no more memory than a short one and no cold page delays the air.
  package func slide(to number: Int) {
    let here = firstByte(of: number)
    packets.prefetch(here..<here + 2 * Tape.windowBytes)
    packets.release(max(0, here - 4 * Tape.windowBytes)..<max(0, here - Tape.windowBytes))
    let entry = TapeIndex.headerSize + number * TapeIndex.datagramSize
    let stride = Tape.windowStride * TapeIndex.datagramSize
    index.prefetch(entry..<entry + 2 * stride)
    index.release(max(0, entry - 4 * stride)..<max(0, entry - 2 * stride))
  }

  /// Lets go of the whole tape, when a programme is over.
  package func rest() {
    packets.release(0..<packets.count)
    index.release(0..<index.count)
  }

  private func firstByte(of number: Int) -> Int {
    let at = TapeIndex.headerSize + min(max(number, 0), datagramCount) * TapeIndex.datagramSize
    return Int(index.load(UInt32.self, at: at + 8)) * TSPacket.size
  }
}
