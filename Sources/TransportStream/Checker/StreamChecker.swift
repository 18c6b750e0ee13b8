/// Judges a transport stream of one program as it comes by: sync, continuity, clock, time stamps, tables.
///
/// Fed with datagrams from the air, each with its arrival, or with the packets of a file. It allocates when a PID or a
/// table's content is new, and nothing in between.
package struct StreamChecker: Sendable {
  /// One elementary stream or table, by its PID.
  struct Line: Sendable {
    let pid: UInt16
    var packets: Int64 = 0
    var continuity = ContinuityCheck()
    var timestamps = TimestampCheck()
  }

  /// The tables whose intervals are watched.
  enum Table: Int, CaseIterable {
    case association, map, description, time
  }

  /// A table seen since the last PCR: its date is known only when the next PCR has come.
  private struct Sighting {
    var table: Table
    var packet: Int64
    var arrival: Ticks?
  }

  private(set) var packets: Int64 = 0
  private(set) var nullPackets: Int64 = 0
  private(set) var announcedDiscontinuities = 0
  private(set) var mapChanges = 0
  private(set) var map: ProgramMap?
  private(set) var mapVersion: UInt8?
  private(set) var service: (provider: String, name: String)?
  private(set) var clock = ClockCheck()
  private(set) var log = OffenceLog()
  private(set) var lines: [Line] = []
  private(set) var tables = [TableCheck](repeating: TableCheck(), count: Table.allCases.count)

  /// By PID: its index in `lines`, or -1.
  private var lineOfPID = [Int16](repeating: -1, count: 8_192)
  private var sightings: [Sighting] = []
  private var clockPID: UInt16?
  private var mapPID: UInt16?

  /// More tables than this between two PCRs are not dated: such a stream has no clock worth the name.
  private static let mostSightings = 256

  package init() {
    lines.reserveCapacity(32)
    sightings.reserveCapacity(StreamChecker.mostSightings)
  }

  /// Checks one datagram's packets, or any run of whole packets.
  ///
  /// - Parameter arrival: when they came in, on whatever clock; nil for a file.
  /// - Returns: the first PCR in them: 27 MHz, modulo 2^33 * 300.
  @discardableResult
  package mutating func check(_ payload: Span<UInt8>, arrival: Ticks? = nil) -> UInt64? {
    var firstClock: UInt64?
    var offset = 0
    while offset + TSPacket.size <= payload.count {
      let found = checkPacket(payload, at: offset, arrival: arrival)
      if firstClock == nil { firstClock = found }
      offset += TSPacket.size
    }
    if offset != payload.count || payload.isEmpty { log.note(.sync, packet: packets, pid: PID.null) }
    return firstClock
  }

  private mutating func checkPacket(_ bytes: Span<UInt8>, at offset: Int, arrival: Ticks?) -> UInt64? {
    let position = packets
    packets += 1
    guard bytes[offset] == TSPacket.syncByte else {
      log.note(.sync, packet: position, pid: PID.null)
      return nil
    }
    guard let packet = TSPacket(bytes, at: offset) else {
      log.note(.header, packet: position, pid: PID.null)
      return nil
    }
    if packet.transportError {
      log.note(.transportError, packet: position, pid: packet.pid)
      return nil
    }
    if packet.pid == PID.null {
      nullPackets += 1
      return nil
    }
    let line = line(of: packet.pid)
    lines[line].packets += 1
    switch lines[line].continuity.check(packet) {
    case .right: break
    case .announced: announcedDiscontinuities += 1
    case .wrong:
      log.note(.continuity, packet: position, pid: packet.pid, amount: Int64(packet.continuityCounter))
    case .duplicate:
      // What it holds was taken in before; its PCR may be new, but then the next one will tell.
      log.note(.duplicate, packet: position, pid: packet.pid)
      return nil
    }
    let field = packet.pcr
    if let field, packet.pid == clockPID ?? packet.pid {
      takeClock(packet, field: field, at: position, arrival: arrival)
    }
    guard packet.hasPayload, !packet.isScrambled else { return field }
    if packet.payloadUnitStart {
      takeUnit(bytes, at: offset, packet: packet, line: line, position: position, arrival: arrival)
    }
    lines[line].timestamps.pass(clock: clock.last?.field)
    return field
  }

  private mutating func line(of pid: UInt16) -> Int {
    let known = lineOfPID[Int(pid)]
    if known >= 0 { return Int(known) }
    lineOfPID[Int(pid)] = Int16(lines.count)
    lines.append(Line(pid: pid))
    return lines.count - 1
  }

  private mutating func takeClock(_ packet: TSPacket, field: UInt64, at position: Int64, arrival: Ticks?) {
    let before = clock.last
    clockPID = packet.pid
    clock.take(packet, field: field, at: position, arrival: arrival, log: &log)
    guard let now = clock.last else { return }
    guard let before else {
      for table in Table.allCases { tables[table.rawValue].begin(at: now.date) }
      sightings.removeAll(keepingCapacity: true)
      return
    }
    for sighting in sightings { date(sighting, between: before, and: now) }
    sightings.removeAll(keepingCapacity: true)
  }

  /// Dates a table between two PCRs: by its arrival where that is known, else by its place among the packets.
  private mutating func date(_ sighting: Sighting, between before: ClockCheck.Mark, and now: ClockCheck.Mark) {
    let span = now.date - before.date
    let share: Double
    if let arrival = sighting.arrival, let start = before.arrival, let end = now.arrival, end > start {
      share = Double((arrival - start).count) / Double((end - start).count)
    } else {
      share = Double(sighting.packet - before.packet) / Double(max(now.packet - before.packet, 1))
    }
    let date = before.date + Ticks(Int64(Double(span.count) * min(max(share, 0), 1)))
    let interval = tables[sighting.table.rawValue].take(at: date)
    guard let limit = sighting.table.longestInterval, let offence = sighting.table.offence, interval > limit else {
      return
    }
    log.note(offence, packet: sighting.packet, pid: pid(of: sighting.table), amount: interval.count)
  }

  private func pid(of table: Table) -> UInt16 {
    switch table {
    case .association: PID.pat
    case .map: mapPID ?? PID.pmt
    case .description: PID.sdt
    case .time: PID.tdt
    }
  }

  /// A table or a PES packet starts in the packet at `offset`.
  private mutating func takeUnit(
    _ bytes: Span<UInt8>, at offset: Int, packet: TSPacket, line: Int, position: Int64, arrival: Ticks?
  ) {
    guard let table = table(of: packet.pid) else {
      if let header = PESHeader(bytes, at: offset + packet.payloadOffset, end: offset + TSPacket.size) {
        lines[line].timestamps.take(
          header, pid: packet.pid, at: position, timeBase: clock.timeBases, log: &log)
      }
      return
    }
    // The pointer field stands in front of the section (ISO/IEC 13818-1 §2.4.4.1).
    let start = packet.payloadOffset + 1 + Int(bytes[offset + packet.payloadOffset])
    guard start + 3 <= TSPacket.size, bytes[offset + start] == table.tableID else { return }
    tables[table.rawValue].arrive(at: arrival)
    if sightings.count < StreamChecker.mostSightings {
      sightings.append(Sighting(table: table, packet: position, arrival: arrival))
    }
    guard table != .time else { return }
    let length = Int(bytes[offset + start + 1] & 0x0F) << 8 | Int(bytes[offset + start + 2])
    // A section longer than its packet is counted, but not read: the house writes none.
    guard length >= 9, start + 3 + length <= TSPacket.size else { return }
    guard CRC32.mpeg(bytes, from: offset + start, count: 3 + length) == 0 else {
      log.note(.sectionChecksum, packet: position, pid: packet.pid)
      return
    }
    let end = offset + start + 3 + length
    let checksum = (end - 4..<end).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[$1]) }
    if tables[table.rawValue].isNew(checksum), let section = Section(packet: bytes, at: offset) {
      read(section, of: table, at: position)
    }
  }

  private func table(of pid: UInt16) -> Table? {
    switch pid {
    case PID.pat: .association
    case PID.sdt: .description
    case PID.tdt: .time
    case mapPID: .map
    default: nil
    }
  }

  private mutating func read(_ section: Section, of table: Table, at position: Int64) {
    switch table {
    case .association: mapPID = ProgramAssociation.programs(in: section).first?.mapPID
    case .description: service = ServiceDescription.service(in: section)
    case .time: break
    case .map:
      guard let map = ProgramMap(section) else { return }
      if let mapVersion, section.version == mapVersion {
        log.note(.mapUnversioned, packet: position, pid: mapPID ?? PID.pmt)
      } else if mapVersion != nil {
        mapChanges += 1
      }
      (self.map, mapVersion) = (map, section.version)
      if map.clockPID != PID.null { clockPID = map.clockPID }
    }
  }
}

extension StreamChecker.Table {
  var tableID: UInt8 {
    switch self {
    case .association: ProgramAssociation.tableID
    case .map: ProgramMap.tableID
    case .description: ServiceDescription.tableID
    case .time: TimeAndDate.tableID
    }
  }

  /// The longest that may pass from one to the next; nil where nobody judges.
  var longestInterval: Ticks? {
    switch self {
    case .association, .map: .milliseconds(100)
    case .description: .seconds(2)
    case .time: nil
    }
  }

  var offence: Offence.Kind? {
    switch self {
    case .association: .associationInterval
    case .map: .mapInterval
    case .description: .descriptionInterval
    case .time: nil
    }
  }
}
