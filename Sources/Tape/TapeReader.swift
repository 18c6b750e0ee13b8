import TransportStream

/// What playout reads of a tape, datagram by datagram: a plain value, so that on the way of a datagram nothing is
/// allocated, locked or counted. It is good for as long as its ``Tape`` is open: whoever keeps one keeps the tape too.
package struct TapeReader: Sendable {
  let packets: MappedBytes
  let index: MappedBytes
  /// Datagrams on the tape, numbered from 0.
  package let datagramCount: Int
  let patchCount: Int

  /// Later than any tape ends, and early enough to reckon with, whatever a damaged index says: ticks.
  private static var latest: Int64 { 1 << 53 }

  var patchBase: Int { TapeIndex.headerSize + (datagramCount + 1) * TapeIndex.datagramSize }

  /// Where datagram `number` begins; for the number after the last, where the tape ends.
  package func entry(_ number: Int) -> TapeEntry {
    let at = TapeIndex.headerSize + min(max(number, 0), datagramCount) * TapeIndex.datagramSize
    let patch = index.load(UInt32.self, at: at + 12)
    return TapeEntry(
      date: Ticks(min(max(index.load(Int64.self, at: at), 0), Self.latest)),
      firstPacket: index.load(UInt32.self, at: at + 8), firstPatch: patch & ~DatagramEntry.clockFlag,
      carriesClock: patch & DatagramEntry.clockFlag != 0)
  }

  /// Copies the datagram that begins at `entry` and ends at `next` to the start of `target`: its length in bytes, 0 when
  /// the tape is damaged there.
  package func copy(from entry: TapeEntry, to next: TapeEntry, into target: inout MutableSpan<UInt8>) -> Int {
    let count = Int(next.firstPacket) - Int(entry.firstPacket)
    let length = count * TSPacket.size
    guard (1...TSPacket.perDatagram).contains(count),
      packets.copy(length, from: Int(entry.firstPacket) * TSPacket.size, to: &target)
    else { return 0 }
    return length
  }

  /// The numbers of the patch points in the datagram that begins at `entry` and ends at `next`.
  package func patches(from entry: TapeEntry, to next: TapeEntry) -> Range<Int> {
    let (first, end) = (Int(entry.firstPatch), Int(next.firstPatch))
    // Seven packets hold at most a PCR, a PTS and a DTS each.
    return first <= end && end <= patchCount && end - first <= 3 * TSPacket.perDatagram ? first..<end : 0..<0
  }

  /// A patch point by its number; nil when it is damaged.
  package func patch(_ number: Int) -> PatchPoint? {
    let at = patchBase + number * TapeIndex.patchSize
    let place = index.load(UInt32.self, at: at + 4)
    guard let kind = PatchPoint.Kind(rawValue: UInt8(truncatingIfNeeded: place >> 16)) else { return nil }
    return PatchPoint(
      kind: kind, offset: UInt16(truncatingIfNeeded: place), ordinal: index.load(UInt32.self, at: at))
  }
}

/// Where a datagram begins on its tape; where it ends, the next one begins.
package struct TapeEntry: Hashable, Sendable {
  /// From the tape's start; the programme's duration for the end of the tape.
  package let date: Ticks
  /// The number of its first packet, from the tape's first on.
  package let firstPacket: UInt32
  let firstPatch: UInt32
  /// Whether the datagram carries a program clock reference.
  package let carriesClock: Bool
}
