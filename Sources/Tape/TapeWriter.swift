import FoundationEssentials
import Glibc
import TransportStream

/// Writes a tape: datagrams in, `x.ts` and `x.index` out. Both appear under their names only when they are complete.
///
/// It finds by itself what playout has to fill in (``PatchPoint``), counts the packets of each PID, and refuses what
/// would break a station later: a lost sync byte, a date that goes back, a continuity counter that does not count.
package struct TapeWriter: ~Copyable {
  private let path: String
  private var packets: OutputFile
  private var index: OutputFile
  private var datagrams: [DatagramEntry] = []
  private var patches: [PatchPoint] = []
  private var randomAccessPoints: [UInt32] = []
  private var packetCount: UInt32 = 0
  private var counts: [UInt16: Int64] = [:]
  private var slotCount: UInt32 = 0
  private var map: Section?

  /// `path` ends in `.ts`; the index goes beside it.
  package init(path: String) throws(TapeError) {
    let packets = try OutputFile(path: path, of: path)
    let index = try OutputFile(path: TapeIndex.path(beside: path), of: path)
    self.path = path
    self.packets = packets
    self.index = index
  }

  /// Appends one datagram: 1 to 7 whole packets.
  ///
  /// - Parameters:
  ///   - date: from the tape's start; later than the datagram before. That of the PCR it carries, if any.
  ///   - isRandomAccess: decoding may begin with this datagram; its first packet is the PAT.
  package mutating func append(_ datagram: Span<UInt8>, date: Ticks, isRandomAccess: Bool) throws(TapeError) {
    let (count, rest) = datagram.count.quotientAndRemainder(dividingBy: TSPacket.size)
    guard rest == 0, (1...TSPacket.perDatagram).contains(count) else {
      throw .unfit(path: path, why: "a datagram of \(datagram.count) bytes")
    }
    guard date >= .zero, date.count > datagrams.last?.date ?? -1 else {
      throw .unfit(path: path, why: "datagram \(datagrams.count) is dated \(date.count), not after the one before")
    }
    if isRandomAccess { randomAccessPoints.append(UInt32(datagrams.count)) }
    datagrams.append(
      DatagramEntry(
        date: date.count, firstPacket: packetCount, firstPatch: UInt32(patches.count), carriesClock: false))
    for packet in 0..<count { try scan(datagram, at: packet * TSPacket.size) }
    packetCount += UInt32(count)
    try packets.write(datagram)
  }

  /// Finds the patch points of the packet at `offset` and checks its continuity counter.
  private mutating func scan(_ datagram: Span<UInt8>, at offset: Int) throws(TapeError) {
    guard let packet = TSPacket(datagram, at: offset), !packet.transportError, !packet.isScrambled else {
      throw .unfit(path: path, why: "a packet without a valid header after \(packetCount) packets")
    }
    guard packet.pid != PID.null else { return }
    if packet.hasPayload {
      let count = counts[packet.pid, default: 0]
      guard Int64(packet.continuityCounter) == count & 0x0F else {
        throw .unfit(path: path, why: "the continuity counter of PID \(packet.pid) jumps after \(count) packets")
      }
      counts[packet.pid] = count + 1
    }
    switch packet.pid {
    case PID.pat: add(.association, offset)
    case PID.sdt:
      add(.slot, offset, ordinal: slotCount)
      slotCount += 1
    case PID.tdt: add(.time, offset)
    case PID.pmt:
      guard let section = Section(packet: datagram, at: offset) else {
        throw .unfit(path: path, why: "a program map table that does not fit one packet")
      }
      if let map, map.body != section.body { throw .unfit(path: path, why: "the program map table changes") }
      map = section
      add(.map, offset)
    default:
      if let field = packet.pcrOffset {
        add(.clock, offset + field)
        datagrams[datagrams.count - 1].carriesClock = true
      }
      guard packet.payloadUnitStart, packet.hasPayload else { return }
      let start = offset + packet.payloadOffset
      guard let header = PESHeader(datagram, at: start, end: offset + TSPacket.size) else { return }
      if let field = header.ptsOffset { add(.timeStamp, start + field) }
      if let field = header.dtsOffset { add(.timeStamp, start + field) }
    }
  }

  private mutating func add(_ kind: PatchPoint.Kind, _ offset: Int, ordinal: UInt32 = 0) {
    patches.append(PatchPoint(kind: kind, offset: UInt16(offset), ordinal: ordinal))
  }

  /// Closes the tape and gives both files their names, the index last: with it the tape is there.
  package consuming func finish(_ info: TapeInfo) throws(TapeError) {
    guard let last = datagrams.last, info.duration.count > last.date, info.duration.count % 300 == 0 else {
      throw .unfit(path: path, why: "a duration of \(info.duration.count) ticks")
    }
    guard let map else { throw .unfit(path: path, why: "no program map table") }
    guard randomAccessPoints.first == 0 else {
      throw .unfit(path: path, why: "it does not begin at a random access point")
    }
    guard slotCount > 0 else { throw .unfit(path: path, why: "no room for service information") }
    datagrams.append(
      DatagramEntry(
        date: info.duration.count, firstPacket: packetCount, firstPatch: UInt32(patches.count), carriesClock: false))
    let summary = TapeSummary(
      info: info, packetCounts: counts.map { PacketCount(pid: $0.key, count: $0.value) }.sorted { $0.pid < $1.pid },
      slotCount: Int(slotCount), map: map.bytes)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let json = try? encoder.encode(summary) else { throw .unfit(path: path, why: "its summary has no JSON") }

    let (header, body) = TapeIndex.encode(
      packetCount: packetCount, datagrams: datagrams, patches: patches, randomAccessPoints: randomAccessPoints,
      summary: Array(json))
    try index.write(header.span)
    try index.write(body.span)
    try packets.synchronise()
    try index.synchronise()
    // Over an older tape: whatever happens in between, its index never stands beside the new packets.
    unsafe unlink(TapeIndex.path(beside: path))
    try packets.publish()
    try index.publish()
  }
}
