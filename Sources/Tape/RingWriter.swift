import FoundationEssentials
import Glibc
import Synchronization
import TransportStream

/// Writes a ring: datagrams in, read by others as soon as they are published.
///
/// Killed between any two instructions it leaves a ring that the next writer continues: datagrams exist from
/// ``publish()`` on, all of an access unit at once, and what counts is what the last of them says. It refuses what would
/// break a station later, as ``TapeWriter`` does.
package struct RingWriter: ~Copyable, Sendable {
  /// What a new ring is made of.
  package struct Plan: Sendable {
    package var info: RingInfo
    /// What the station has sent when the ring begins: continuity counters go on from there.
    package var base: RingCounts
    /// At least so many datagrams are kept; rounded up to a power of two.
    package var datagrams: Int

    package init(info: RingInfo, base: RingCounts, datagrams: Int) {
      self.info = info
      self.base = base
      self.datagrams = datagrams
    }
  }

  /// The latest time stamps of one stream: 90 kHz since the Unix epoch, not wrapped.
  package struct Stamps: Hashable, Sendable {
    package var dts: Int64
    package var pts: Int64
  }

  package let info: RingInfo
  package let base: RingCounts
  /// Appended so far, published or not.
  package private(set) var counts: RingCounts
  /// That of the datagram appended last; nil when there is none.
  package private(set) var lastDate: Ticks?
  /// Which writer of this ring this is, from 1.
  package let generation: Int64

  private let file: RingFile
  private let memory: RingMemory
  private let slots: Int
  private var randomAccess: Int64

  /// Continues the ring that is in the file, or makes one as `plan` says. The file's lock is held.
  package init(_ file: consuming RingFile, _ plan: Plan) throws(TapeError) {
    let memory = try Self.isRing(file) ? Self.map(file, count: file.size) : Self.make(plan, in: file)
    let state: State
    do throws(TapeError) {
      state = try State(memory, path: file.path)
    } catch {
      memory.unmap()
      throw error
    }
    (info, base, slots) = (state.header.info, state.header.base, state.header.slots)
    (counts, lastDate, randomAccess) = (state.counts, state.lastDate, state.randomAccess)
    generation = Int64(truncatingIfNeeded: memory.acquire(at: RingFormat.Header.generation) &+ 1)
    memory.release(UInt64(generation), at: RingFormat.Header.generation)
    memory.release(UInt64(UInt32(bitPattern: getpid())), at: RingFormat.Header.writer)
    memory.release(0, at: RingFormat.Header.heir)
    self.memory = memory
    self.file = file
  }

  /// Where the writer before had got to: what its last published datagram says.
  private struct State {
    let header: RingHeader
    var counts = RingCounts()
    var lastDate: Ticks?
    var randomAccess: Int64 = -1

    init(_ memory: RingMemory, path: String) throws(TapeError) {
      header = try RingHeader(memory, path: path)
      let head = memory.acquire(at: RingFormat.Header.head)
      guard head > 0 else { return }
      guard head < 1 << 56 else { throw .damaged(path: path, why: "the ring counts \(head) datagrams") }
      let last = Int64(head - 1)
      let at = RingFormat.offset(of: last, slots: header.slots)
      guard memory.acquire(at: at + RingFormat.Slot.sequence) == head * 2,
        let known = RingMemory.counts(memory, of: last, at)
      else { throw .damaged(path: path, why: "the ring's last datagram is not there") }
      counts = known
      lastDate = Ticks(memory.load(Int64.self, at: at + RingFormat.Slot.date))
      randomAccess = memory.load(Int64.self, at: at + RingFormat.Slot.randomAccess)
    }
  }

  deinit { memory.unmap() }

  private static func isRing(_ file: borrowing RingFile) -> Bool {
    guard file.size >= RingFormat.headerSize, let memory = try? map(file, count: RingFormat.headerSize) else {
      return false
    }
    defer { memory.unmap() }
    return memory.acquire(at: RingFormat.Header.magic) == RingFormat.magic
  }

  private static func map(_ file: borrowing RingFile, count: Int) throws(TapeError) -> RingMemory {
    try RingMemory(descriptor: file.descriptor, count: count, isWritable: true, path: file.path)
  }

  /// Makes a ring in an empty file, or in one that somebody began with and did not live to complete.
  private static func make(_ plan: Plan, in file: borrowing RingFile) throws(TapeError) -> RingMemory {
    let limits = RingFormat.slotLimits
    var slots = limits.lowerBound
    while slots < min(plan.datagrams, limits.upperBound) { slots *= 2 }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let summary = RingHeader.Summary(format: plan.info.format, map: plan.info.map.bytes)
    guard let json = try? encoder.encode(summary), json.count <= RingFormat.Header.infoRoom else {
      throw .unfit(path: file.path, why: "its streams do not fit the ring's header")
    }
    // All of it is there from the beginning: a full memory is found out now, not by a signal later.
    guard ftruncate(file.descriptor, 0) == 0 else {
      throw .system(operation: "empty", path: file.path, code: errno)
    }
    let failure = posix_fallocate(file.descriptor, 0, RingFormat.fileSize(slots: slots))
    guard failure == 0 else { throw .system(operation: "make room for", path: file.path, code: failure) }
    let memory = try map(file, count: RingFormat.fileSize(slots: slots))
    memory.store(RingFormat.version, at: RingFormat.Header.version)
    memory.store(UInt32(slots), at: RingFormat.Header.slots)
    memory.store(plan.base.slots, at: RingFormat.Header.baseSlots)
    for slot in 0..<PID.slotCount {
      memory.store(plan.base.packets[slot], at: RingFormat.Header.basePackets + 8 * slot)
    }
    memory.store(UInt32(json.count), at: RingFormat.Header.infoLength)
    memory.write(Array(json).span, at: RingFormat.Header.info)
    memory.release(RingFormat.magic, at: RingFormat.Header.magic)
    return memory
  }

  // MARK: Datagrams

  /// Appends one datagram, not to be seen before ``publish()``.
  ///
  /// - Parameters:
  ///   - datagram: 1 to 7 whole packets, continuity counters as the air has them.
  ///   - date: UTC; later than the one before by a 90 kHz count at least. That of the PCR it carries, if any.
  ///   - isRandomAccess: decoding may begin with this datagram; its first packet is the PAT.
  package mutating func append(_ datagram: Span<UInt8>, date: Ticks, isRandomAccess: Bool) throws(TapeError) {
    let (packets, rest) = datagram.count.quotientAndRemainder(dividingBy: TSPacket.size)
    guard rest == 0, (1...TSPacket.perDatagram).contains(packets) else {
      throw .unfit(path: file.path, why: "a datagram of \(datagram.count) bytes")
    }
    if let lastDate, date < lastDate + .ninetyKilohertz(1) {
      throw .unfit(path: file.path, why: "datagram \(counts.datagrams) is dated \((date - lastDate).count) ticks later")
    }
    var next = counts
    var (tables, carriesClock) = (RingTables(), false)
    for packet in 0..<packets {
      try scan(datagram, packet, date, &next, &tables, &carriesClock)
    }
    let k = counts.datagrams
    let at = RingFormat.offset(of: k, slots: slots)
    memory.release(UInt64(k) * 2 + 1, at: at + RingFormat.Slot.sequence)
    atomicMemoryFence(ordering: .acquiringAndReleasing)
    if isRandomAccess { randomAccess = k }
    memory.store(date.count, at: at + RingFormat.Slot.date)
    memory.store(
      UInt32(datagram.count) | (isRandomAccess ? RingFormat.randomAccessFlag : 0)
        | (carriesClock ? RingFormat.clockFlag : 0), at: at + RingFormat.Slot.shape)
    memory.store(tables.word, at: at + RingFormat.Slot.tables)
    memory.store(randomAccess, at: at + RingFormat.Slot.randomAccess)
    memory.store(next.slots, at: at + RingFormat.Slot.slots)
    for slot in 0..<PID.slotCount {
      memory.store(next.packets[slot], at: at + RingFormat.Slot.packets + 8 * slot)
    }
    memory.write(datagram, at: at + RingFormat.Slot.bytes)
    memory.release(UInt64(k + 1) * 2, at: at + RingFormat.Slot.sequence)
    next.datagrams += 1
    counts = next
    lastDate = date
  }

  /// Lets readers see all that has been appended.
  package func publish() { memory.release(UInt64(counts.datagrams), at: RingFormat.Header.head) }

  private func scan(
    _ datagram: Span<UInt8>, _ index: Int, _ date: Ticks, _ counts: inout RingCounts, _ tables: inout RingTables,
    _ carriesClock: inout Bool
  ) throws(TapeError) {
    let offset = index * TSPacket.size
    guard let packet = TSPacket(datagram, at: offset), !packet.transportError, !packet.isScrambled else {
      throw .unfit(path: file.path, why: "a packet without a valid header in datagram \(counts.datagrams)")
    }
    guard packet.pid != PID.null else { return }
    let bit = UInt8(1) << UInt8(index)
    let expected: Int64
    if packet.pid == PID.sdt {
      expected = base.slots + counts.slots
      counts.slots += 1
      tables.slot |= bit
    } else if let slot = PID.slot(packet.pid) {
      // A packet without payload repeats the counter (ISO/IEC 13818-1 §2.4.3.3).
      expected = base.packets[slot] + counts.packets[slot] - (packet.hasPayload ? 0 : 1)
      if packet.hasPayload { counts.packets[slot] += 1 }
    } else {
      throw .unfit(path: file.path, why: "a packet of PID \(packet.pid), which is not the house's")
    }
    guard Int64(packet.continuityCounter) == expected & 0x0F else {
      throw .unfit(path: file.path, why: "the continuity counter of PID \(packet.pid) in datagram \(counts.datagrams)")
    }
    switch packet.pid {
    case PID.pat: tables.association |= bit
    case PID.pmt: tables.map |= bit
    case PID.tdt: tables.time |= bit
    case PID.sdt: break
    default:
      if packet.pcrOffset != nil { carriesClock = true }
      guard packet.payloadUnitStart, packet.hasPayload,
        let header = PESHeader(datagram, at: offset + packet.payloadOffset, end: offset + TSPacket.size)
      else { return }
      note(header, of: packet.pid, date)
    }
  }

  // MARK: Time stamps

  /// The latest that was appended of a stream; nil for none. After a crash they may be those of an access unit that was
  /// never published: later than needed, never earlier.
  package func stamps(of pid: UInt16) -> Stamps? {
    guard let slot = PID.slot(pid) else { return nil }
    let at = RingFormat.Header.stamps + 16 * slot
    let stamps = Stamps(dts: memory.load(Int64.self, at: at), pts: memory.load(Int64.self, at: at + 8))
    return stamps.dts > 0 ? stamps : nil
  }

  private func note(_ header: PESHeader, of pid: UInt16, _ date: Ticks) {
    guard let slot = PID.slot(pid), let pts = header.pts else { return }
    let at = RingFormat.Header.stamps + 16 * slot
    // The fields wrap every 26.5 hours; whole numbers are those nearest to the date.
    func whole(_ field: UInt64) -> Int64 {
      date.count / 300 + TimeStamp.distance(from: date.timestamp, to: field).count / 300
    }
    memory.store(max(memory.load(Int64.self, at: at), whole(header.dts ?? pts)), at: at)
    memory.store(max(memory.load(Int64.self, at: at + 8), whole(pts)), at: at + 8)
  }

  // MARK: Duty

  /// Says that nothing will be appended any more. It is for ever: the ring is not written again.
  package func end() { memory.release(1, at: RingFormat.Header.hasEnded) }

  package var hasEnded: Bool { memory.acquire(at: RingFormat.Header.hasEnded) != 0 }

  /// Whether another process has asked for the ring since ``forgetHeirs()``, and still waits.
  package var hasHeir: Bool {
    let pid = Int32(truncatingIfNeeded: memory.acquire(at: RingFormat.Header.heir))
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM)
  }

  /// Whoever asked before this is not to be waited for.
  package func forgetHeirs() { memory.release(0, at: RingFormat.Header.heir) }

  /// Whether the path still stands for this ring: else nobody reads it.
  package var isCurrent: Bool { file.isCurrent }
}
