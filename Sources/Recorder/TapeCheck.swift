import TransportStream

/// Looks at every datagram of a tape in the making, and says whether it keeps the constraints of the air, rather than
/// trusting a model.
struct TapeCheck: Sendable {
  /// A PCR at least every 40 ms, here and where the next tape begins (ETSI TR 101 290, 1.4).
  private static let clockPeriod = Ticks.milliseconds(40)
  /// PAT and PMT likewise; 100 ms are allowed (1.3 and 1.5), less some for what happens on the way.
  private static let tablePeriod = Ticks.milliseconds(90)
  /// A datagram's date may be this much later than a packet in it.
  private static let grouping = DatagramRow.longest

  let duration: Ticks
  private var clock = Spacing()
  private var association = Spacing()
  private var map = Spacing()
  /// The access unit that is under way on each PID: when it must be decoded, and when the last of it left.
  private var units: [UInt16: (due: Ticks, last: Ticks)] = [:]
  private var lateness = Ticks(.min)
  /// Since the last PMT there was no PCR.
  private var awaitsClock = false
  private var hasUntimedMedia = false

  init(duration: Ticks) { self.duration = duration }

  /// The first and last date of something that must come again and again, and the longest wait for it.
  private struct Spacing: Sendable {
    var first: Ticks?
    var last = Ticks.zero
    var longest = Ticks.zero

    mutating func note(_ date: Ticks) {
      if first == nil { first = date } else { longest = max(longest, date - last) }
      last = date
    }

    /// The longest wait, the one across the join to a tape that begins like this one included.
    func longest(in duration: Ticks) -> Ticks {
      guard let first else { return duration }
      return max(longest, duration - last + first)
    }
  }

  mutating func note(_ bytes: Span<UInt8>, date: Ticks) {
    for offset in stride(from: 0, to: bytes.count, by: TSPacket.size) {
      guard let packet = TSPacket(bytes, at: offset) else { continue }
      if packet.pcr != nil {
        clock.note(date)
        awaitsClock = false
      }
      switch packet.pid {
      case PID.pat: association.note(date)
      case PID.pmt:
        map.note(date)
        awaitsClock = true
      case PID.sdt, PID.tdt, PID.null: break
      default:
        if awaitsClock { hasUntimedMedia = true }
        note(packet, bytes, at: offset, date)
      }
    }
  }

  private mutating func note(_ packet: TSPacket, _ bytes: Span<UInt8>, at offset: Int, _ date: Ticks) {
    guard packet.hasPayload else { return }
    let start = offset + packet.payloadOffset
    if packet.payloadUnitStart, let header = PESHeader(bytes, at: start, end: offset + TSPacket.size) {
      close(packet.pid)
      if let stamp = header.dts ?? header.pts {
        // Stamps wrap after 26.5 hours, programmes may last longer: what counts is how far a stamp is from its sending.
        let sent = Ticks.ninetyKilohertz(date.count / 300)
        units[packet.pid] = (sent + TimeStamp.distance(from: date.timestamp, to: stamp), date)
      }
    }
    units[packet.pid]?.last = date
  }

  private mutating func close(_ pid: UInt16) {
    guard let unit = units[pid] else { return }
    lateness = max(lateness, unit.last - (unit.due - Ticks.ninetyKilohertz(HouseTime.margin)))
  }

  /// What is wrong, in words; nil when all is well. To be asked once, at the end.
  mutating func fault() -> String? {
    for pid in units.keys { close(pid) }
    if lateness > TapeCheck.grouping { return "an access unit arrives \(lateness.inSeconds) s too late" }
    let clocks = clock.longest(in: duration)
    if clocks > TapeCheck.clockPeriod { return "the PCR pauses for \(clocks.inSeconds) s" }
    let tables = max(association.longest(in: duration), map.longest(in: duration))
    if tables > TapeCheck.tablePeriod { return "PAT and PMT pause for \(tables.inSeconds) s" }
    if hasUntimedMedia { return "an access unit stands between a program map and the next PCR" }
    return nil
  }
}
