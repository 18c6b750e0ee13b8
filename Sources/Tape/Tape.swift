import FoundationEssentials
import TransportStream

/// A tape, read: any datagram of it by its number, in any order.
///
/// What is mapped may change under the reader's hands: every value is copied, then held against the file's bounds. Bad
/// bytes make a datagram empty; they never make the reader fail.
package final class Tape: Sendable {
  package let path: String
  package let info: TapeInfo
  /// Reads it, datagram by datagram.
  package let reader: TapeReader
  /// SI slots on the tape.
  package let slotCount: Int
  package let packetCounts: [PacketCount]
  /// The program map table as the muxer wrote it.
  package let map: Section
  /// What the tape is, wherever it lies: tapes with the same one are sent as the same datagrams. A word.
  package let content: String
  private let files: (packets: MappedFile, index: MappedFile)
  private let randomAccessCount: Int

  /// Datagrams on the tape, numbered from 0.
  package var datagramCount: Int { reader.datagramCount }
  var packets: MappedBytes { reader.packets }
  var index: MappedBytes { reader.index }
  private var randomAccessBase: Int { reader.patchBase + reader.patchCount * TapeIndex.patchSize }

  /// Opens `path` (`….ts`) by its index. `verify` reads the index whole and holds it against its checksum; without, only
  /// the lengths are checked, which takes no time however long the tape is.
  package init(path: String, verify: Bool) throws(TapeError) {
    self.path = path
    files = (try MappedFile(path: path), try MappedFile(path: TapeIndex.path(beside: path)))
    let (packets, index) = (files.packets.bytes, files.index.bytes)
    func damaged(_ why: String) -> TapeError { .damaged(path: path, why: why) }
    guard index.load(UInt64.self, at: 0) == TapeIndex.magic else { throw damaged("its index is not one") }
    let version = index.load(UInt32.self, at: 8)
    guard version == TapeIndex.version else {
      throw damaged("its index has version \(version), not \(TapeIndex.version)")
    }

    let summaryLength = Int(index.load(UInt32.self, at: 12))
    let lengths = (0..<4).map { index.load(UInt64.self, at: 16 + 8 * $0) }
    guard lengths.allSatisfy({ $0 < 1 << 32 }), lengths[2] < 1 << 31 else {
      throw damaged("its index names impossible lengths")
    }
    let packetCount = Int(lengths[0])
    let datagramCount = Int(lengths[1])
    let patchCount = Int(lengths[2])
    reader = TapeReader(packets: packets, index: index, datagramCount: datagramCount, patchCount: patchCount)
    randomAccessCount = Int(lengths[3])
    let summaryBase =
      TapeIndex.headerSize + (datagramCount + 1) * TapeIndex.datagramSize + patchCount * TapeIndex.patchSize
      + randomAccessCount * TapeIndex.randomAccessSize
    guard datagramCount > 0, index.count == summaryBase + summaryLength else { throw damaged("its index is cut short") }
    guard packets.count == packetCount * TSPacket.size else {
      throw damaged("it is \(packets.count) bytes long, not \(packetCount * TSPacket.size)")
    }
    if verify {
      var checksum = Checksum()
      _ = unsafe index.withBytes(from: TapeIndex.headerSize, count: index.count - TapeIndex.headerSize) {
        unsafe checksum.add($0)
      }
      index.release(0..<index.count)
      guard checksum.value == index.load(UInt64.self, at: 48) else { throw damaged("its index fails its checksum") }
    }

    let json = unsafe index.withBytes(from: summaryBase, count: summaryLength) { unsafe Data($0) }
    guard let json, let summary = try? JSONDecoder().decode(TapeSummary.self, from: json) else {
      throw damaged("its summary cannot be read")
    }
    guard let map = Section(checked: summary.map) else {
      throw damaged("its program map table is broken")
    }
    let counts = summary.packetCounts.map(\.count) + [Int64(summary.slotCount)]
    guard counts.allSatisfy({ 0 <= $0 && $0 <= packetCount }) else {
      throw damaged("it counts more packets than it has")
    }
    let duration = summary.info.duration
    // Datagrams are at least a 90 kHz count apart: what this bounds cannot overflow in years of repeats.
    guard duration.count / 300 >= datagramCount, duration.count % 300 == 0, duration < .seconds(366 * 86_400) else {
      throw damaged("\(datagramCount) datagrams do not last \(duration.count) ticks")
    }
    info = summary.info
    // Dates, places of access units, packets of each PID: streams that differ in one packet differ in these.
    content = String(index.load(UInt64.self, at: 48), radix: 16) + "-" + String(packetCount, radix: 16)
    slotCount = summary.slotCount
    packetCounts = summary.packetCounts
    self.map = map
  }

  /// Whether its path still stands for the files that were opened, not for others made since.
  package var isCurrent: Bool {
    MappedFile.Identity(path: files.packets.path) == files.packets.identity
      && MappedFile.Identity(path: files.index.path) == files.index.identity
  }

  /// Mean rate over the programme, nulls left out: bit/s.
  package var bitrate: Int { Int(Double(packets.count) * 8 / info.duration.inSeconds) }

  /// The date of datagram `number`, from the tape's start; the programme's duration for the number after the last.
  package func date(of number: Int) -> Ticks { reader.entry(number).date }

  /// Copies datagram `number` to the start of `target`: its length in bytes, 0 when the tape is damaged there.
  package func copy(_ number: Int, to target: inout MutableSpan<UInt8>) -> Int {
    guard (0..<datagramCount).contains(number) else { return 0 }
    return reader.copy(from: reader.entry(number), to: reader.entry(number + 1), into: &target)
  }

  /// The first datagram dated at or after `date`; ``datagramCount`` when there is none.
  package func firstDatagram(notBefore date: Ticks) -> Int {
    partition(0..<datagramCount) { self.date(of: $0) >= date }
  }

  /// The last random access point at or before datagram `number`: a datagram's number.
  package func randomAccessPoint(atOrBefore number: Int) -> Int {
    let after = partition(0..<randomAccessCount) { self.randomAccess($0) > number }
    return after == 0 ? 0 : min(randomAccess(after - 1), datagramCount - 1)
  }

  /// The first random access point at or after datagram `number`: a datagram's number; nil when none comes.
  package func randomAccessPoint(atOrAfter number: Int) -> Int? {
    let first = partition(0..<randomAccessCount) { self.randomAccess($0) >= number }
    guard first < randomAccessCount else { return nil }
    let point = randomAccess(first)
    return point < datagramCount ? point : nil
  }

  private func randomAccess(_ ordinal: Int) -> Int {
    Int(index.load(UInt32.self, at: randomAccessBase + ordinal * TapeIndex.randomAccessSize))
  }

  /// The first of `range` for which `isBehind` holds, all after it assumed to do so too; its end when there is none.
  private func partition(_ range: Range<Int>, _ isBehind: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if isBehind(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
