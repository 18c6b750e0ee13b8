import Tape
import TransportStream

/// Access units in, dated datagrams in the ring out, with tables and clocks as ``Conditioner`` puts them.
///
/// Why not libavformat's muxer: of what it writes only the cutting into packets could stay. Its clocks follow its own idea
/// of time and its tables come when it likes, while here each byte is final: clocks say when their datagram leaves, counters
/// go on from whoever wrote the ring before, and tables stand where a receiver needs them.
struct LiveMux: ~Copyable {
  /// What is written now leaves so much later: the sender must have seen it by then.
  static let ahead = Ticks.milliseconds(6)
  /// Between two datagrams of one access unit.
  static let pace = Ticks(4_200)
  /// The same of one so large that it would not be there in time: 40 us.
  static let fastest = Ticks(1_080)
  /// A large access unit is there so long before it is decoded.
  private static let margin = Ticks.milliseconds(5)
  /// A clock, or tables, come when the ones before are so old; 40 ms and 100 ms are allowed (ETSI TR 101 290, 1.3 to 1.5),
  /// and the machine may let us wait for a while.
  static let clockPeriod = Ticks.milliseconds(16)
  static let tablePeriod = Ticks.milliseconds(55)
  static let timePeriod = Ticks.seconds(10)

  private(set) var writer: RingWriter
  private let clockPID: UInt16
  /// The first date of the era: nothing is dated before.
  private let start: Ticks
  private let association: [UInt8]
  private let map: [UInt8]
  private let slot: [UInt8]
  private let time = TimeAndDate.packet()
  /// The next continuity counter of each PID, by ``PID/slot(_:)``.
  private var counters: [UInt8]
  private var slotCounter: UInt8
  private var lastClock: Ticks?
  private var lastTables: Ticks?
  private var lastTime: Ticks?

  /// Goes on from where the ring is.
  init(_ writer: consuming RingWriter, start: Ticks) throws(RecorderError) {
    let program = writer.info.map.identifier
    let association = ProgramAssociation.section(transportStreamID: 1, program: program, mapPID: PID.pmt)
      .packet(pid: PID.pat)
    let slot = ServiceDescription.section(
      transportStreamID: 1, service: program, kind: .television, provider: "", name: ""
    ).packet(pid: PID.sdt)
    guard let association, let slot, let map = writer.info.map.packet(pid: PID.pmt) else {
      throw RecorderError(.internal, "the tables of the station do not fit a packet")
    }
    (self.association, self.slot, self.map) = (association, slot, map)
    self.start = start
    clockPID = writer.info.format.video == nil ? PID.firstAudio : PID.video
    let counts = writer.base.packets &+ writer.counts.packets
    counters = (0..<PID.slotCount).map { UInt8(truncatingIfNeeded: counts[$0] & 0x0F) }
    slotCounter = UInt8(truncatingIfNeeded: writer.base.slots &+ writer.counts.slots) & 0x0F
    self.writer = writer
  }

  /// The earliest date that what is written at `now` may have.
  func date(at now: Ticks) -> Ticks {
    let next = writer.lastDate.map { $0 + LiveMux.pace } ?? start
    return max(start, max(next, now + LiveMux.ahead))
  }

  /// Sends an access unit from `date` on; whoever reads the ring sees all of it at once, or nothing.
  mutating func send(_ unit: PESPacket, at date: Ticks) throws(RecorderError) {
    var packets: [UInt8] = []
    // On the radio decoding may begin anywhere: it does where tables are due.
    let isDue = tablesAreDue(at: date)
    let begins = unit.isKey && unit.pid == clockPID && (isDue || unit.pid == PID.video)
    let withTables = begins || isDue
    if withTables { putTables(at: date, into: &packets) }
    // After tables a clock comes before any media.
    let clockIsDue = withTables || begins || lastClock.map { date - $0 >= LiveMux.clockPeriod } ?? true
    let ownClock = unit.pid == clockPID && (clockIsDue || unit.pid == PID.video)
    if clockIsDue, !ownClock { packets += clock() }
    guard let place = PID.slot(unit.pid) else { return }
    unit.packetize(withClock: ownClock, counter: &counters[place], into: &packets)
    let datagrams = packets.count / (TSPacket.perDatagram * TSPacket.size) + 1
    let left = Ticks.ninetyKilohertz(unit.dts) - date - LiveMux.margin
    let pace = max(LiveMux.fastest, min(LiveMux.pace, Ticks(left.count / Int64(datagrams))))
    try append(packets, at: date, begins: begins, pace: pace, of: unit.pid)
  }

  /// Sends tables and clocks if they are due at `now`.
  mutating func keepUp(at now: Ticks) throws(RecorderError) {
    let date = date(at: now)
    guard date <= now + LiveMux.ahead + .milliseconds(20) else { return }
    try keepUp(on: date)
  }

  private mutating func keepUp(on date: Ticks) throws(RecorderError) {
    let withTables = tablesAreDue(at: date)
    guard withTables || lastClock.map({ date - $0 >= LiveMux.clockPeriod }) ?? true else { return }
    var packets: [UInt8] = []
    if withTables { putTables(at: date, into: &packets) }
    packets += clock()
    try append(packets, at: date, begins: false)
  }

  /// Fills up with tables and clocks to just before `end`, and ends the ring.
  mutating func leave(at end: Ticks, now: Ticks) throws(RecorderError) {
    var date = date(at: now)
    while date < end {
      try keepUp(on: date)
      date = max(date, writer.lastDate ?? date) + .milliseconds(10)
    }
    writer.end()
  }

  private func tablesAreDue(at date: Ticks) -> Bool { lastTables.map { date - $0 >= LiveMux.tablePeriod } ?? true }

  private mutating func putTables(at date: Ticks, into packets: inout [UInt8]) {
    lastTables = date
    put(association, PID.pat, into: &packets)
    put(map, PID.pmt, into: &packets)
    var own = slot
    own[3] = own[3] & 0xF0 | slotCounter & 0x0F
    slotCounter &+= 1
    packets += own
    guard lastTime.map({ date - $0 >= LiveMux.timePeriod }) ?? true else { return }
    lastTime = date
    put(time, PID.tdt, into: &packets)
  }

  private mutating func put(_ table: [UInt8], _ pid: UInt16, into packets: inout [UInt8]) {
    guard let place = PID.slot(pid) else { return }
    var own = table
    own[3] = own[3] & 0xF0 | counters[place] & 0x0F
    counters[place] &+= 1
    packets += own
  }

  /// A packet with nothing but a clock, still zero: it repeats the counter of its PID (ISO/IEC 13818-1 §2.4.3.3).
  private func clock(after counter: UInt8? = nil) -> [UInt8] {
    let last = counter ?? PID.slot(clockPID).map { counters[$0] &- 1 } ?? 0
    return [TSPacket.syncByte, UInt8(clockPID >> 8), UInt8(clockPID & 0xFF), 0x20 | last & 0x0F, 183, 0x10]
      + [UInt8](repeating: 0, count: 6) + [UInt8](repeating: 0xFF, count: TSPacket.size - 12)
  }

  /// Cuts packets into datagrams, dates them and their clocks, and publishes them.
  /// Where a large access unit takes longer than a clock or tables may, they come between.
  private mutating func append(
    _ packets: [UInt8], at first: Ticks, begins: Bool, pace: Ticks = LiveMux.pace, of pid: UInt16? = nil
  ) throws(RecorderError) {
    var packets = packets
    var date = first
    do {
      for start in stride(from: 0, to: packets.count, by: TSPacket.perDatagram * TSPacket.size) {
        if start > 0, let lastClock, date - lastClock >= LiveMux.clockPeriod {
          // Of the unit's own PID, what was sent is not yet what was counted.
          var between = clock(after: pid == clockPID ? packets[start - TSPacket.size + 3] & 0x0F : nil)
          if tablesAreDue(at: date) {
            var tables: [UInt8] = []
            putTables(at: date, into: &tables)
            between = tables + between
          }
          stampClocks(in: &between, 0, between.count, date)
          try writer.append(between.span, date: date, isRandomAccess: false)
          date += pace
        }
        let end = min(packets.count, start + TSPacket.perDatagram * TSPacket.size)
        stampClocks(in: &packets, start, end, date)
        try writer.append(
          packets.span.extracting(start..<end), date: date, isRandomAccess: begins && start == 0)
        date += pace
      }
    } catch {
      throw RecorderError(error)
    }
    writer.publish()
  }

  private mutating func stampClocks(in packets: inout [UInt8], _ start: Int, _ end: Int, _ date: Ticks) {
    for at in stride(from: start, to: end, by: TSPacket.size) {
      guard let field = TSPacket(packets.span, at: at)?.pcrOffset else { continue }
      var span = packets.mutableSpan
      ClockReference.write(date.pcr, to: &span, at: at + field)
      lastClock = date
    }
  }

  /// Whether someone else asked for the ring since this one was orphaned; see ``RingWriter``.
  var hasHeir: Bool { writer.hasHeir }
  func forgetHeirs() { writer.forgetHeirs() }
  var isCurrent: Bool { writer.isCurrent }
}
