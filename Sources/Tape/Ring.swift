import FoundationEssentials
import Glibc
import Synchronization
import TransportStream

/// A ring, read: what a live recorder has appended in the last seconds, datagram by datagram.
///
/// Its writer goes on writing meanwhile, and may be mad: every value is copied, then checked, and a datagram that is
/// overwritten while it is copied counts as gone. On the way of a datagram nothing is allocated, locked or waited for.
package final class Ring: Sendable {
  package let path: String
  package let info: RingInfo
  /// What the station had sent when the ring began: its counters go on from there. The number of datagrams is not kept.
  package let base: RingCounts
  private let memory: RingMemory
  private let slots: Int
  private let identity: MappedFile.Identity

  /// Later than any date, and early enough to reckon with.
  private static let latest: Int64 = 1 << 60
  /// More datagrams than any ring ever has.
  private static let most: UInt64 = 1 << 56

  /// Opens a ring; throws while there is none yet, or when the file is something else.
  package init(path: String) throws(TapeError) {
    self.path = path
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(operation: "stat", path: path, code: errno) }
    guard let identity = MappedFile.Identity(path: path) else {
      throw .system(operation: "stat", path: path, code: ENOENT)
    }
    self.identity = identity
    let count = Int(status.st_size)
    guard count >= RingFormat.headerSize else { throw .damaged(path: path, why: "the ring is not there yet") }
    let memory = try RingMemory(descriptor: descriptor, count: count, isWritable: false, path: path)
    do throws(TapeError) {
      let header = try RingHeader(memory, path: path)
      (info, base, slots) = (header.info, header.base, header.slots)
    } catch {
      memory.unmap()
      throw error
    }
    self.memory = memory
  }

  deinit { memory.unmap() }

  /// Whether its path still stands for the file that was opened.
  package var isCurrent: Bool { MappedFile.Identity(path: path) == identity }

  /// Datagrams appended so far.
  package var count: Int64 {
    let head = memory.acquire(at: RingFormat.Header.head)
    return head < Ring.most ? Int64(head) : 0
  }

  /// The number of the first datagram that is still there, and stays for a while.
  package var oldest: Int64 { max(0, count - Int64(slots - slots / 8)) }

  /// Its writer has written all that it will.
  package var hasEnded: Bool { memory.acquire(at: RingFormat.Header.hasEnded) != 0 }

  /// The process that writes it, or the last that did.
  package var writer: Int32 { Int32(truncatingIfNeeded: memory.acquire(at: RingFormat.Header.writer)) }

  /// How many writers there have been.
  package var generation: Int64 { Int64(truncatingIfNeeded: memory.acquire(at: RingFormat.Header.generation)) }

  /// Datagram `k`; nil when it is not there: not yet, not any more, or damaged.
  package func entry(_ k: Int64) -> RingEntry? {
    read(k) { at in
      let shape = memory.load(UInt32.self, at: at + RingFormat.Slot.shape)
      let date = memory.load(Int64.self, at: at + RingFormat.Slot.date)
      let length = Int(shape & 0xFFFF)
      let (packets, rest) = length.quotientAndRemainder(dividingBy: TSPacket.size)
      guard (0..<Ring.latest).contains(date), rest == 0, (1...TSPacket.perDatagram).contains(packets) else {
        return nil
      }
      return RingEntry(
        date: Ticks(date), length: length, carriesClock: shape & RingFormat.clockFlag != 0,
        isRandomAccess: shape & RingFormat.randomAccessFlag != 0,
        tables: RingTables(word: memory.load(UInt32.self, at: at + RingFormat.Slot.tables)))
    }
  }

  /// Copies datagram `k` to the start of `target`: its length in bytes, 0 when it is not there or not whole.
  package func copy(_ k: Int64, into target: inout MutableSpan<UInt8>) -> Int {
    guard let length = entry(k)?.length else { return 0 }
    let at = RingFormat.offset(of: k, slots: slots)
    guard memory.copy(length, from: at + RingFormat.Slot.bytes, to: &target), holds(k, at) else { return 0 }
    return length
  }

  /// The first datagram dated at or after `date`; ``count`` when there is none.
  package func firstDatagram(notBefore date: Ticks) -> Int64 {
    var (low, high) = (oldest, count)
    while low < high {
      let middle = low + (high - low) / 2
      // What is gone meanwhile was earlier.
      if let entry = entry(middle), entry.date >= date { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The last datagram at or before datagram `k` at which decoding may begin; nil when none is there any more.
  package func randomAccessPoint(atOrBefore k: Int64) -> Int64? {
    let found = read(min(k, count - 1)) { at in memory.load(Int64.self, at: at + RingFormat.Slot.randomAccess) }
    guard let found, found >= oldest, found <= k else { return nil }
    return found
  }

  /// The first datagram that is still there, and stays for a while, at which decoding may begin; nil when there is none.
  package var firstRandomAccessPoint: Int64? {
    let (oldest, count) = (oldest, count)
    return oldest < count ? (oldest..<count).first { entry($0)?.isRandomAccess == true } : nil
  }

  /// What went out of it, datagram `k` included; nil when that is not there.
  package func counts(with k: Int64) -> RingCounts? {
    guard k >= 0 else { return RingCounts() }
    return read(k) { at in RingMemory.counts(memory, of: k, at) }
  }

  /// What has been appended so far.
  package var counts: RingCounts {
    // The last datagram is overwritten long after the next ones: a second look finds it.
    counts(with: count - 1) ?? counts(with: count - 1) ?? RingCounts()
  }

  /// Reads what stands in datagram `k`'s slot, if it is datagram `k` before and after.
  @inline(__always)
  private func read<R>(_ k: Int64, _ body: (_ at: Int) -> R?) -> R? {
    guard k >= 0, k < count else { return nil }
    let at = RingFormat.offset(of: k, slots: slots)
    guard memory.acquire(at: at + RingFormat.Slot.sequence) == UInt64(k + 1) * 2 else { return nil }
    let result = body(at)
    return holds(k, at) ? result : nil
  }

  /// Whether what was read of datagram `k` until now was of no other.
  @inline(__always)
  private func holds(_ k: Int64, _ at: Int) -> Bool {
    atomicMemoryFence(ordering: .acquiring)
    return memory.acquire(at: at + RingFormat.Slot.sequence) == UInt64(k + 1) * 2
  }
}

extension RingMemory {
  /// The counts in datagram `k`'s slot at `at`; nil when they are impossible.
  static func counts(_ memory: RingMemory, of k: Int64, _ at: Int) -> RingCounts? {
    var counts = RingCounts(datagrams: k + 1, slots: memory.load(Int64.self, at: at + RingFormat.Slot.slots))
    for slot in 0..<PID.slotCount {
      counts.packets[slot] = memory.load(Int64.self, at: at + RingFormat.Slot.packets + 8 * slot)
    }
    let most = counts.datagrams * Int64(TSPacket.perDatagram)
    guard (0...most).contains(counts.slots), counts.packets.min() >= 0, counts.packets.max() <= most else { return nil }
    return counts
  }
}

/// What stands in a ring's header for good.
struct RingHeader {
  let info: RingInfo
  let base: RingCounts
  let slots: Int

  /// The part that is JSON.
  struct Summary: Codable {
    var format: HouseFormat
    var map: [UInt8]
  }

  init(_ memory: RingMemory, path: String) throws(TapeError) {
    func damaged(_ why: String) -> TapeError { .damaged(path: path, why: why) }
    guard memory.acquire(at: RingFormat.Header.magic) == RingFormat.magic else {
      throw damaged("it is no ring, or not yet one")
    }
    let version = memory.load(UInt32.self, at: RingFormat.Header.version)
    guard version == RingFormat.version else {
      throw damaged("the ring has version \(version), not \(RingFormat.version)")
    }
    slots = Int(memory.load(UInt32.self, at: RingFormat.Header.slots))
    guard RingFormat.slotLimits.contains(slots), slots & (slots - 1) == 0,
      memory.count >= RingFormat.fileSize(slots: slots)
    else { throw damaged("the ring has \(slots) slots in \(memory.count) bytes") }
    let length = Int(memory.load(UInt32.self, at: RingFormat.Header.infoLength))
    guard length <= RingFormat.Header.infoRoom, let json = memory.bytes(length, from: RingFormat.Header.info),
      let summary = try? JSONDecoder().decode(Summary.self, from: Data(json)), let map = Section(checked: summary.map)
    else { throw damaged("what the ring says of its streams cannot be read") }
    info = RingInfo(format: summary.format, map: map)
    var base = RingCounts(slots: memory.load(Int64.self, at: RingFormat.Header.baseSlots))
    for slot in 0..<PID.slotCount {
      base.packets[slot] = memory.load(Int64.self, at: RingFormat.Header.basePackets + 8 * slot)
    }
    self.base = base
  }
}
