@testable import TransportStream

/// A small station for the checker's tests: every 20 ms a datagram with one video and one audio PES packet, a PCR on
/// the video, PAT and PMT every 80 ms, an SDT every second.
struct CheckerStream {
  var counters: [UInt16: UInt8] = [:]
  var checker = StreamChecker()
  var mapVersion: UInt8 = 0
  var mapProgram: UInt16 = 7
  /// DTS lies this far after the PCR of its datagram.
  var lead = Ticks.milliseconds(300)
  var date: Ticks
  /// Whether the datagrams come with an arrival, and how much later than their date.
  var delay: Ticks?

  init(at date: Ticks = .seconds(1_000)) { self.date = date }

  /// Sends `count` datagrams, 20 ms apart.
  mutating func run(_ count: Int) {
    for _ in 0..<count { step() }
  }

  mutating func step(tables: Bool = true) {
    let tick = date.count / Ticks.milliseconds(20).count
    var bytes: [UInt8] = []
    if tables, tick.isMultiple(of: 4) {
      let pat = ProgramAssociation.section(transportStreamID: 1, program: 7, mapPID: PID.pmt)
      bytes += section(pat, pid: PID.pat)
      let pmt = Section(tableID: 2, identifier: mapProgram, version: mapVersion, body: Self.mapBody)
      bytes += section(pmt, pid: PID.pmt)
    }
    if tables, tick.isMultiple(of: 50) {
      let sdt = ServiceDescription.section(
        transportStreamID: 1, service: 7, kind: .television, provider: "Lab", name: "Quay Ø")
      bytes += section(sdt, pid: PID.sdt)
    }
    bytes += media(PID.video, pcr: date.pcr, dts: (date + lead).timestamp)
    bytes += media(PID.firstAudio, dts: (date + lead).timestamp)
    send(bytes)
    date += .milliseconds(20)
  }

  mutating func send(_ bytes: [UInt8]) { checker.check(bytes.span, arrival: delay.map { date + $0 }) }

  /// PCR PID 0x100; H.264 on 0x100, AAC on 0x101 with the language "fin".
  static let mapBody: [UInt8] = [
    0xE1, 0x00, 0xF0, 0x00, 0x1B, 0xE1, 0x00, 0xF0, 0x00,
    0x0F, 0xE1, 0x01, 0xF0, 0x06, 0x0A, 0x04, 0x66, 0x69, 0x6E, 0x00,
  ]

  mutating func section(_ section: Section, pid: UInt16) -> [UInt8] {
    var packet = section.packet(pid: pid) ?? []
    packet[3] |= next(pid)
    return packet
  }

  /// A packet that starts a PES packet; `discontinuity` sets the indicator.
  mutating func media(_ pid: UInt16, pcr: UInt64? = nil, dts: UInt64, discontinuity: Bool = false) -> [UInt8] {
    var packet: [UInt8] = [0x47, 0x40 | UInt8(pid >> 8), UInt8(pid & 0xFF), 0x30 | next(pid)]
    packet += pcr == nil ? [1, discontinuity ? 0x80 : 0] : [7, discontinuity ? 0x90 : 0x10, 0, 0, 0, 0, 0, 0]
    let header = packet.count
    packet += [0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1]
    packet += [UInt8](repeating: 0x55, count: 188 - packet.count)
    var span = packet.mutableSpan
    if let pcr { ClockReference.write(pcr, to: &span, at: 6) }
    TimeStamp.write(dts, to: &span, at: header + 9)
    return packet
  }

  mutating func next(_ pid: UInt16) -> UInt8 {
    defer { counters[pid, default: 0] = (counters[pid, default: 0] + 1) & 0x0F }
    return counters[pid, default: 0]
  }

  var faults: [String] { checker.report().faults }
  func count(_ kind: Offence.Kind) -> Int { checker.report().offences[kind.rawValue] ?? -1 }
}
