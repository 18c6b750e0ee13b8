/// What a ``StreamChecker`` has seen, for people and programs. Times are milliseconds unless their name says otherwise.
package struct StreamReport: Codable, Sendable {
  package struct Clock: Codable, Sendable {
    package let pid: UInt16?
    package let count: Int
    package let longestInterval: Double
    package let wraps: Int
  }

  package struct Table: Codable, Sendable {
    package let count: Int
    /// On the stream's own clock, the wait at its beginning and its end included.
    package let longestInterval: Double
    /// By arrival; 0 where no arrival is known.
    package let longestByArrival: Double
  }

  package struct Line: Codable, Sendable {
    package let pid: UInt16
    /// stream_type of the PMT (ISO/IEC 13818-1 table 2-34); nil when the PMT does not list it.
    package let type: UInt8?
    package let language: String?
    package let packets: Int64
    /// How many time stamps; 0 for tables.
    package let timestamps: Int
    package let longestStep: Double
    /// The least time between an access unit's end and its DTS.
    package let leastMargin: Double?
    package let wraps: Int
  }

  package let packets: Int64
  package let nullPackets: Int64
  /// Seconds from the first PCR to the last.
  package let seconds: Double
  /// Bits a second between the first PCR and the last, null packets included.
  package let bitrate: Double
  package let service: String?
  package let provider: String?
  package let mapVersion: UInt8?
  package let mapChanges: Int
  /// Jumps of a counter that a discontinuity_indicator announced.
  package let announcedDiscontinuities: Int
  package let clock: Clock
  /// "PAT", "PMT", "SDT", "TDT".
  package let tables: [String: Table]
  package let lines: [Line]
  /// How often each offence happened, by its kind; the first few of them in full.
  package let offences: [String: Int]
  package let first: [Offence]
  /// One sentence for each thing that a station must not do and this one did; empty: a clean stream.
  package let faults: [String]
}

extension StreamChecker {
  /// The verdict up to now; the checker may go on.
  package func report() -> StreamReport {
    let span = clock.last.flatMap { last in clock.first.map { last.date - $0.date } } ?? .zero
    let between = clock.last.flatMap { last in clock.first.map { last.packet - $0.packet } } ?? 0
    let tables = Dictionary(
      uniqueKeysWithValues: TableWatch.Table.allCases.map { ($0.name, report(on: self.tables[$0])) })
    return StreamReport(
      packets: packets, nullPackets: nullPackets, seconds: span.inSeconds,
      bitrate: span > .zero ? Double(between * Int64(TSPacket.size) * 8) / span.inSeconds : 0,
      service: self.tables.service?.name, provider: self.tables.service?.provider,
      mapVersion: self.tables.mapVersion, mapChanges: self.tables.mapChanges,
      announcedDiscontinuities: announcedDiscontinuities,
      clock: .init(
        pid: clock.count > 0 ? self.tables.map?.clockPID : nil, count: clock.count,
        longestInterval: clock.longest.milliseconds, wraps: clock.wraps),
      tables: tables, lines: lines.sorted { $0.pid < $1.pid }.map(report), offences: log.byName, first: log.first,
      faults: faults(in: tables))
  }

  private func faults(in tables: [String: StreamReport.Table]) -> [String] {
    if packets == 0 { return ["no packets"] }
    let counts = log.byName
    var faults = Offence.Kind.allCases.compactMap { kind in
      counts[kind.rawValue].flatMap { $0 > 0 ? "\(kind) \($0)x" : nil }
    }
    if clock.count < 2 { faults.append("no clock") }
    for table in TableWatch.Table.allCases {
      guard let limit = table.longestInterval, let seen = tables[table.name] else { continue }
      if seen.count == 0 {
        faults.append("no \(table.name)")
      } else if seen.longestInterval > limit.milliseconds {
        faults.append("\(table.name) not seen for \(seen.longestInterval) ms")
      }
    }
    return faults
  }

  private func report(on table: TableCheck) -> StreamReport.Table {
    let waiting = clock.last.map { table.waiting(at: $0.date) } ?? .zero
    return StreamReport.Table(
      count: table.count, longestInterval: max(table.longest, waiting).milliseconds,
      longestByArrival: table.longestByArrival.milliseconds)
  }

  private func report(on line: Line) -> StreamReport.Line {
    let stream = tables.map?.streams.first { $0.pid == line.pid }
    return StreamReport.Line(
      pid: line.pid, type: stream?.type, language: stream?.language, packets: line.packets,
      timestamps: line.timestamps.count, longestStep: line.timestamps.longest.milliseconds,
      leastMargin: line.timestamps.leastMargin?.milliseconds, wraps: line.timestamps.wraps)
  }
}
