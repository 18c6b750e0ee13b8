import Testing
import TransportStream

@testable import Recorder

/// Packets of a multiplex written by hand.
private enum Make {
  static func packet(_ pid: UInt16, start: Bool = false, adaptation: [UInt8] = [], payload: [UInt8]? = [0xAA])
    -> [UInt8]
  {
    var bytes: [UInt8] = [0x47, UInt8(pid >> 8) | (start ? 0x40 : 0), UInt8(pid & 0xFF), payload == nil ? 0x20 : 0x10]
    if !adaptation.isEmpty || payload == nil {
      bytes[3] |= 0x20
      let length = payload == nil ? 183 : adaptation.count
      bytes.append(UInt8(length))
      bytes += adaptation + [UInt8](repeating: 0xFF, count: length - adaptation.count)
    }
    bytes += payload ?? []
    return bytes + [UInt8](repeating: 0xFF, count: 188 - bytes.count)
  }

  static let pat = packet(PID.pat, start: true)
  static let pmt = packet(PID.pmt, start: true)
  static let sdt = packet(PID.sdt, start: true)
  static let null = packet(PID.null)
  static let video = packet(PID.video)
  static let audio = packet(PID.firstAudio)
  /// A PCR of nonsense, to be replaced.
  static let clock = packet(PID.video, adaptation: [0x10, 1, 2, 3, 4, 5, 6], payload: nil)
  static let key = packet(PID.video, start: true, adaptation: [0x50, 1, 2, 3, 4, 5, 6], payload: [0, 0, 1])
  static let sound = packet(PID.firstAudio, start: true, adaptation: [0x40], payload: [0, 0, 1])
}

private func condition(
  _ packets: [[UInt8]], rate: Int = 1_504_000, duration: Ticks = .seconds(10), keepsNulls: Bool = false,
  accessPID: UInt16 = PID.video
) throws -> [Conditioner.Datagram] {
  var conditioner = Conditioner(rate: rate, duration: duration, keepsNulls: keepsNulls, accessPID: accessPID)
  let bytes = packets.flatMap { $0 }
  try conditioner.append(bytes.span)
  conditioner.finish()
  return conditioner.take()
}

private func pids(_ datagram: Conditioner.Datagram) -> [UInt16] {
  stride(from: 0, to: datagram.bytes.count, by: 188).compactMap { TSPacket(datagram.bytes.span, at: $0)?.pid }
}

/// 1,504,000 bit/s is a packet a millisecond; its eleventh byte ends 58.5 us later.
@Suite struct ConditionerTests {
  private let opening = [Make.sdt, Make.pat, Make.pmt, Make.key]

  @Test func datesAreExactAndNeverAddUp() {
    #expect(Conditioner.date(of: 0, rate: 1_504_000).count == 1580)  // 11 * 8 / 1504000 s * 27 MHz = 1579.8
    #expect(Conditioner.date(of: 1000, rate: 1_504_000).count == 27_001_580)
    // A day at a rate that divides nothing: 188 * 8 * 27e6 * i / R + 11 * 8 * 27e6 / R, rounded.
    #expect(Conditioner.date(of: 100_000_000, rate: 1_801_471).count == 2_254_157_853_430)
  }

  @Test func theTapeBeginsWithThePAT() throws {
    let datagrams = try condition(opening)
    #expect(datagrams.count == 1)
    #expect(pids(datagrams[0]) == [PID.pat, PID.pmt, PID.sdt, PID.video])
    #expect(datagrams[0].isRandomAccess)
  }

  @Test func aDatagramHasTheDateOfItsClock() throws {
    let datagram = try condition(opening)[0]
    #expect(datagram.date == Conditioner.date(of: 3, rate: 1_504_000))
    #expect(TSPacket(datagram.bytes.span, at: 3 * 188)?.pcr == datagram.date.pcr)
  }

  @Test func nullsGoAndDatesStay() throws {
    let datagrams = try condition(opening + [Make.null, Make.null, Make.clock, Make.null, Make.video])
    #expect(datagrams.map { pids($0).count } == [4, 2])
    #expect(datagrams[1].date == Conditioner.date(of: 6, rate: 1_504_000))
  }

  @Test func nullsStayAtAConstantRate() throws {
    let datagrams = try condition(opening + [[UInt8]](repeating: Make.null, count: 10), keepsNulls: true)
    #expect(datagrams.map { pids($0).count } == [7, 7])
  }

  @Test func sevenPacketsAndOneClock() throws {
    let datagrams = try condition(opening + [[UInt8]](repeating: Make.video, count: 8) + [Make.clock, Make.clock])
    #expect(datagrams.map { pids($0).count } == [7, 6, 1])
    #expect(zip(datagrams.dropFirst(), datagrams).allSatisfy { $0.date > $1.date })
  }

  @Test func noDatagramLastsLonger() throws {
    let gap = [[UInt8]](repeating: Make.null, count: 30)
    let datagrams = try condition(opening + gap + [Make.video] + gap + [Make.video])
    #expect(datagrams.map { pids($0).count } == [5, 1])
  }

  @Test func randomAccessNeedsTablesAndAKeyFrame() throws {
    let datagrams = try condition(
      opening + [
        Make.video, Make.pat, Make.pmt, Make.null, Make.sdt, Make.clock, Make.key,  // one
        Make.video, Make.pat, Make.pmt, Make.video,  // none: the picture goes on
        Make.pat, Make.pmt, Make.sound, Make.key,  // none: sound comes between
        Make.key,  // none: no tables
        Make.pat, Make.pmt, Make.pat, Make.pmt, Make.key,  // the nearer tables
      ])
    let points = datagrams.filter(\.isRandomAccess)
    #expect(points.map { pids($0).prefix(2) } == [[PID.pat, PID.pmt], [PID.pat, PID.pmt], [PID.pat, PID.pmt]])
    #expect(points.last.map(pids) == [PID.pat, PID.pmt, PID.video])
    #expect(datagrams.flatMap(pids).count == 24)
  }

  @Test func soundIsTheWayInOnTheRadio() throws {
    let packets = [Make.sdt, Make.pat, Make.pmt, Make.sound, Make.audio, Make.pat, Make.pmt, Make.sound]
    let datagrams = try condition(packets, accessPID: PID.firstAudio)
    #expect(datagrams.map(\.isRandomAccess) == [true, true])
  }

  @Test func nothingLeavesAfterTheEnd() throws {
    let datagrams = try condition(
      opening + [[UInt8]](repeating: Make.video, count: 20), duration: .milliseconds(10))
    #expect(datagrams.flatMap(pids).count == 10)
  }

  @Test func brokenPacketsAreRefused() {
    #expect(throws: RecorderError.self) { try condition([[UInt8](repeating: 0, count: 188)]) }
  }
}

@Suite struct TapeCheckTests {
  /// A datagram every 20 ms with a clock, tables in every fourth.
  private func check(
    clocks: Set<Int> = Set(0..<10), tables: Set<Int> = [0, 4, 8], unit: [UInt8]? = nil, unitAt: Int = 1
  ) -> String? {
    var check = TapeCheck(duration: .milliseconds(200))
    for index in 0..<10 {
      var bytes: [UInt8] = []
      if tables.contains(index) { bytes += Make.pat + Make.pmt }
      if clocks.contains(index) { bytes += Make.clock }
      if let unit, index == unitAt { bytes += unit }
      check.note(bytes.span, date: .milliseconds(Int64(20 * index)))
    }
    return check.fault()
  }

  /// A picture with a PTS of 20,000 (90 kHz): due 122.2 ms after the start, with 100 ms to spare.
  private let unit = Make.packet(
    PID.video, start: true,
    payload: [0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21, 0x00, 0x01, 0x9C, 0x41])

  @Test func allIsWell() { #expect(check(unit: unit) == nil) }
  @Test func aPauseOfTheClock() { #expect(check(clocks: [0, 1, 2, 5, 6, 7, 8, 9])?.contains("PCR") == true) }
  @Test func aPauseAcrossTheJoin() { #expect(check(clocks: [0, 1, 2, 3, 4, 5, 6, 7])?.contains("PCR") == true) }
  @Test func aPauseOfTheTables() { #expect(check(tables: [0])?.contains("PAT") == true) }
  @Test func aLateUnit() { #expect(check(unit: unit, unitAt: 9)?.contains("late") == true) }

  @Test func stampsWrapAfterTwentySixHours() throws {
    // Due 133 ms after it leaves, or 44 ms: then 2^33 counts later, to be told apart from the PCR that is missing.
    func fault(_ due: UInt64) -> String? {
      var bytes = unit
      var span = bytes.mutableSpan
      TimeStamp.write(due, to: &span, at: 13)
      let sent = Ticks.ninetyKilohertz((1 << 33) - 4_000)
      var check = TapeCheck(duration: sent + .milliseconds(20))
      check.note(bytes.span, date: sent)
      return check.fault()
    }
    #expect(fault(8_000)?.contains("PCR") == true)
    #expect(fault(0)?.contains("late") == true)
  }

  @Test func nothingAtAll() {
    var check = TapeCheck(duration: .seconds(1))
    #expect(check.fault() != nil)
  }
}
