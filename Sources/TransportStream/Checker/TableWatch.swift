/// The PSI and SI tables of a stream: how often each comes by, and what it says.
struct TableWatch: Sendable {
  /// The tables that are watched.
  enum Table: Int, CaseIterable {
    case association, map, description, time
  }

  /// A table seen since the last PCR: its date is known only when the next PCR has come.
  private struct Sighting {
    var table: Table
    var packet: Int64
    var arrival: Ticks?
  }

  private(set) var map: ProgramMap?
  private(set) var mapVersion: UInt8?
  private(set) var mapChanges = 0
  private(set) var mapPID: UInt16?
  private(set) var service: (provider: String, name: String)?
  private var intervals = [TableCheck](repeating: TableCheck(), count: Table.allCases.count)
  private var sightings: [Sighting] = []

  /// More tables than this between two PCRs are not dated: such a stream has no clock worth the name.
  private static let mostSightings = 256

  init() { sightings.reserveCapacity(TableWatch.mostSightings) }

  subscript(table: Table) -> TableCheck { intervals[table.rawValue] }

  /// The stream's clock went from `before` (nil: it begins) to `now`; the tables in between get their dates.
  mutating func tick(from before: ClockCheck.Mark?, to now: ClockCheck.Mark, log: inout OffenceLog) {
    if let before {
      for sighting in sightings { date(sighting, between: before, and: now, log: &log) }
    } else {
      for table in Table.allCases { intervals[table.rawValue].begin(at: now.date) }
    }
    sightings.removeAll(keepingCapacity: true)
  }

  /// Dates a table between two PCRs: by its arrival where that is known, else by its place among the packets.
  private mutating func date(
    _ sighting: Sighting, between before: ClockCheck.Mark, and now: ClockCheck.Mark, log: inout OffenceLog
  ) {
    let span = now.date - before.date
    let share: Double
    if let arrival = sighting.arrival, let start = before.arrival, let end = now.arrival, end > start {
      share = Double((arrival - start).count) / Double((end - start).count)
    } else {
      share = Double(sighting.packet - before.packet) / Double(max(now.packet - before.packet, 1))
    }
    let date = before.date + Ticks(Int64(Double(span.count) * min(max(share, 0), 1)))
    let interval = intervals[sighting.table.rawValue].take(at: date)
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

  /// A section of `table` starts in the packet at `offset`.
  mutating func take(
    _ table: Table, _ bytes: Span<UInt8>, at offset: Int, packet: TSPacket, position: Int64, arrival: Ticks?,
    log: inout OffenceLog
  ) {
    // The pointer field stands in front of the section (ISO/IEC 13818-1 §2.4.4.1).
    let start = packet.payloadOffset + 1 + Int(bytes[offset + packet.payloadOffset])
    guard start + 3 <= TSPacket.size, bytes[offset + start] == table.tableID else { return }
    intervals[table.rawValue].arrive(at: arrival)
    if sightings.count < TableWatch.mostSightings {
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
    if intervals[table.rawValue].isNew(checksum), let section = Section(packet: bytes, at: offset) {
      read(section, of: table, at: position, log: &log)
    }
  }

  /// The table that this PID carries; nil for elementary streams.
  func table(of pid: UInt16) -> Table? {
    switch pid {
    case PID.pat: .association
    case PID.sdt: .description
    case PID.tdt: .time
    case mapPID: .map
    default: nil
    }
  }

  private mutating func read(_ section: Section, of table: Table, at position: Int64, log: inout OffenceLog) {
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
    }
  }
}

extension TableWatch.Table {
  /// As reports call it.
  var name: String {
    switch self {
    case .association: "PAT"
    case .map: "PMT"
    case .description: "SDT"
    case .time: "TDT"
    }
  }

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
