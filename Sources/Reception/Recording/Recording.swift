import TransportStream

/// A station as a file: from a random access point (ISO/IEC 13818-1, 2.4.3.5) to the next one after the end, its clocks
/// moved to the beginning of the count, so that it starts near 0 and does not wrap before 26 hours. Pure: datagrams in,
/// packets out; nothing is allocated for a datagram.
///
/// A station's timeline and its continuity counters have no breaks, so that what is moved is moved by one amount.
package struct Recording: ~Copyable {
  /// Where the file's clock begins, 90 kHz: a little after 0, for a datagram's first packets may be older than its date.
  static let origin: Int64 = 9000

  /// What has come to no end so long after the end comes to none: a station that was edited may have lost a stream, or all of
  /// its pictures. 90 kHz.
  static let longestEnd: Int64 = 20 * 90_000

  /// The time from the date of the file's first datagram to that of its last, 90 kHz.
  package private(set) var length: Int64 = 0
  /// Bytes of the file so far.
  package private(set) var bytes: UInt64 = 0
  /// When the first datagram of the file was due: Unix time, 90 kHz; nil before the random access point.
  package private(set) var start: Int64?
  /// Whether all is there: every stream has come to the end of its last PES packet after the end, or is not there any more.
  package var isOver: Bool { isEnding && running == 0 }

  /// When a file ends: the first random access point due then or later is not in it any more.
  package enum End: Sendable, Equatable {
    /// With ``Recording/finish()``.
    case never
    /// Unix time, 90 kHz.
    case at(Int64)
    /// So long, in 90 kHz, after `wanted` (Unix time, 90 kHz), or after the file's beginning where that is later.
    case after(Int64, from: Int64)
  }

  private enum Stage: UInt8 { case unstarted, running, ended }

  private let tuning: Tuning
  private var wanted: End
  /// When it ends, as far as that is known: Unix time, 90 kHz.
  package private(set) var end: Int64?
  private var isEnding = false
  /// What is added to the station's counts, 90 kHz modulo 2^33.
  private var shift: UInt64 = 0
  private var stages = [Stage](repeating: .unstarted, count: 8192)
  /// How many elementary streams are running.
  private var running = 0
  /// The last PAT packet, then the packets of the last PMT, at most six.
  private var tables = [UInt8](repeating: 0, count: TSPacket.perDatagram * TSPacket.size)
  private var hasPAT = false
  private var mapPackets = 0
  private var output = [UInt8](repeating: 0, count: 64 << 10)
  private var waiting = 0..<0

  package init(_ tuning: Tuning, until end: End) {
    self.tuning = tuning
    wanted = end
    if case .at(let date) = end { self.end = date }
  }

  /// What was asked for began at a date (Unix time, 90 kHz), as the server says: a length counts from then.
  package mutating func count(from date: Int64) {
    if start == nil, case .after(let length, _) = wanted { wanted = .after(length, from: date) }
  }

  /// Ends every stream with its present PES packet, whatever the time.
  package mutating func finish() { isEnding = true }

  /// Whether ``accept(_:date:)`` may be called: what it needs at the most is free.
  package var hasRoom: Bool { output.count - waiting.upperBound >= 3 * tables.count }

  /// Takes the station's next datagram.
  ///
  /// - Parameters:
  ///   - payload: whole packets; others are passed over.
  ///   - date: when it was due: Unix time, 90 kHz.
  package mutating func accept(_ payload: Span<UInt8>, date: Int64) {
    guard !isOver, hasRoom else { return }
    if start != nil, let end, date >= end + Self.longestEnd {
      isEnding = true
      running = 0
      return
    }
    for offset in stride(from: 0, through: payload.count - TSPacket.size, by: TSPacket.size) {
      guard let packet = TSPacket(payload, at: offset) else { continue }
      let isAccess =
        packet.pid == tuning.accessPID && packet.payloadUnitStart && (tuning.video == nil || packet.randomAccess)
      if start == nil {
        remember(packet, payload, at: offset)
        guard isAccess, !isEnding, hasPAT, mapPackets > 0 else { continue }
        begin(date)
      } else if isAccess, let end, date >= end {
        isEnding = true
      }
      if packet.payloadUnitStart { turn(packet.pid) }
      if isWanted(packet) { put(packet, payload, at: offset) }
    }
    if let start { length = max(length, date - start) }
  }

  /// Hands over what there is for the file.
  ///
  /// - Parameter write: returns how many bytes it took.
  package mutating func drain<Failure: Error>(_ write: (Span<UInt8>) throws(Failure) -> Int) throws(Failure) {
    guard !waiting.isEmpty else { return }
    let count = try write(output.span.extracting(waiting))
    waiting = waiting.lowerBound + count..<waiting.upperBound
    if waiting.isEmpty { waiting = 0..<0 }
  }

  /// Whether everything has been handed over.
  package var isDrained: Bool { waiting.isEmpty }

  private mutating func begin(_ date: Int64) {
    start = date
    if case .after(let length, let first) = wanted { end = max(first, date) + length }
    shift = UInt64(bitPattern: Self.origin &- date) & (1 << 33 - 1)
    stages[Int(PID.pat)] = .running
    stages[Int(tuning.pmt)] = .running
    appendTables()
  }

  private func isStream(_ pid: UInt16) -> Bool { pid >= 0x20 && pid != tuning.pmt && pid != PID.null }

  /// A payload unit starts.
  private mutating func turn(_ pid: UInt16) {
    switch stages[Int(pid)] {
    case .unstarted where isEnding && isStream(pid): stages[Int(pid)] = .ended
    case .unstarted:
      stages[Int(pid)] = .running
      if isStream(pid) { running += 1 }
    case .running where isEnding && isStream(pid):
      stages[Int(pid)] = .ended
      running -= 1
    default: break
    }
  }

  private func isWanted(_ packet: TSPacket) -> Bool {
    guard packet.pid != PID.null, !isOver else { return false }
    // Packets with a clock and nothing else come at any time, but not behind a stream's end.
    return stages[Int(packet.pid)] == .running || !packet.hasPayload && stages[Int(packet.pid)] == .unstarted
  }

  private mutating func remember(_ packet: TSPacket, _ datagram: Span<UInt8>, at offset: Int) {
    var place = 0
    if packet.pid == PID.pat, packet.payloadUnitStart {
      hasPAT = true
    } else if packet.pid == tuning.pmt, packet.payloadUnitStart || (1..<6).contains(mapPackets) {
      mapPackets = packet.payloadUnitStart ? 1 : mapPackets + 1
      place = mapPackets * TSPacket.size
    } else {
      return
    }
    var room = tables.mutableSpan
    for index in 0..<TSPacket.size { room[place + index] = datagram[offset + index] }
  }

  private mutating func appendTables() {
    let (at, count, tables) = (waiting.upperBound, (1 + mapPackets) * TSPacket.size, tables)
    var room = output.mutableSpan
    for index in 0..<count { room[at + index] = tables[index] }
    waiting = waiting.lowerBound..<at + count
    bytes += UInt64(count)
  }

  private mutating func put(_ packet: TSPacket, _ datagram: Span<UInt8>, at offset: Int) {
    let (at, shift) = (waiting.upperBound, shift)
    let hasTimes = isStream(packet.pid) && packet.payloadUnitStart && packet.hasPayload && !packet.isScrambled
    var room = output.mutableSpan
    for index in 0..<TSPacket.size { room[at + index] = datagram[offset + index] }
    if let field = packet.pcrOffset { ClockReference.add(shift * 300, to: &room, at: at + field) }
    if hasTimes {
      let header = PESHeader(datagram, at: offset + packet.payloadOffset, end: offset + TSPacket.size)
      let field = at + packet.payloadOffset
      if let pts = header?.ptsOffset { TimeStamp.add(shift, to: &room, at: field + pts) }
      if let dts = header?.dtsOffset { TimeStamp.add(shift, to: &room, at: field + dts) }
    }
    waiting = waiting.lowerBound..<at + TSPacket.size
    bytes += UInt64(TSPacket.size)
  }
}
