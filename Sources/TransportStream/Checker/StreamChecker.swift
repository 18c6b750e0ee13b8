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

  private(set) var packets: Int64 = 0
  private(set) var nullPackets: Int64 = 0
  private(set) var announcedDiscontinuities = 0
  private(set) var clock = ClockCheck()
  private(set) var log = OffenceLog()
  private(set) var lines: [Line] = []
  private(set) var tables = TableWatch()

  /// By PID: its index in `lines`, or -1.
  private var lineOfPID = [Int16](repeating: -1, count: 8_192)
  /// The PID of the clock: the map's, or as long as there is none, the first that carries a PCR.
  private var clockPID: UInt16?

  package init() { lines.reserveCapacity(32) }

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
    if let now = clock.last { tables.tick(from: before, to: now, log: &log) }
  }

  /// A table or a PES packet starts in the packet at `offset`.
  private mutating func takeUnit(
    _ bytes: Span<UInt8>, at offset: Int, packet: TSPacket, line: Int, position: Int64, arrival: Ticks?
  ) {
    guard let table = tables.table(of: packet.pid) else {
      if let header = PESHeader(bytes, at: offset + packet.payloadOffset, end: offset + TSPacket.size) {
        lines[line].timestamps.take(
          header, pid: packet.pid, at: position, timeBase: clock.timeBases, log: &log)
      }
      return
    }
    tables.take(table, bytes, at: offset, packet: packet, position: position, arrival: arrival, log: &log)
    if table == .map, let map = tables.map, map.clockPID != PID.null { clockPID = map.clockPID }
  }
}
