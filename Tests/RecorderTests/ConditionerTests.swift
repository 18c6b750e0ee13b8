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
  /// A PCR of nonsense in a packet of media.
  static let clocked = packet(PID.video, adaptation: [0x10, 1, 2, 3, 4, 5, 6], payload: [0xAB])
  static let key = packet(PID.video, start: true, adaptation: [0x50, 1, 2, 3, 4, 5, 6], payload: [0, 0, 1])
  static let sound = packet(PID.firstAudio, start: true, adaptation: [0x40], payload: [0, 0, 1])
}

private func condition(
  _ packets: [[UInt8]], rate: Int = 1_504_000, duration: Ticks = .seconds(10), keepsNulls: Bool = false,
  accessPID: UInt16 = PID.video
) throws -> [DatagramRow.Datagram] {
  var conditioner = Conditioner(rate: rate, duration: duration, keepsNulls: keepsNulls, accessPID: accessPID)
  let bytes = packets.flatMap { $0 }
  try conditioner.append(bytes.span)
  conditioner.finish()
  return conditioner.take()
}

private func headers(_ datagram: DatagramRow.Datagram) -> [TSPacket] {
  stride(from: 0, to: datagram.bytes.count, by: 188).compactMap { TSPacket(datagram.bytes.span, at: $0) }
}

private func pids(_ datagram: DatagramRow.Datagram) -> [UInt16] { headers(datagram).map(\.pid) }

private func nulls(_ count: Int) -> [[UInt8]] { [[UInt8]](repeating: Make.null, count: count) }

/// 1,504,000 bit/s is a packet a millisecond; its eleventh byte ends 58.5 us later.
@Suite struct ConditionerTests {
  private let opening = [Make.sdt, Make.pat, Make.pmt, Make.key]
  private let tables = [PID.pat, PID.pmt, PID.sdt]

  @Test func datesAreExactAndNeverAddUp() {
    #expect(Conditioner.date(of: 0, rate: 1_504_000).count == 1580)  // 11 * 8 / 1504000 s * 27 MHz = 1579.8
    #expect(Conditioner.date(of: 1000, rate: 1_504_000).count == 27_001_580)
    // A day at a rate that divides nothing: 188 * 8 * 27e6 * i / R + 11 * 8 * 27e6 / R, rounded.
    #expect(Conditioner.date(of: 100_000_000, rate: 1_801_471).count == 2_254_157_853_430)
  }

  @Test func theTapeBeginsWithItsTables() throws {
    let datagrams = try condition(opening)
    #expect(datagrams.count == 1)
    #expect(pids(datagrams[0]) == tables + [PID.tdt, PID.video])
    #expect(datagrams[0].isRandomAccess)
  }

  @Test func aDatagramHasTheDateOfItsClock() throws {
    let datagram = try condition(opening)[0]
    #expect(datagram.date == Conditioner.date(of: 4, rate: 1_504_000))
    #expect(headers(datagram)[4].pcr == datagram.date.pcr)
  }

  @Test func nullsGoAndDatesStay() throws {
    // The fourth table of five packets is one more than the muxer wrote: one null makes up for it.
    let datagrams = try condition(opening + nulls(2) + [Make.clock] + nulls(17) + [Make.key])
    try #require(datagrams.map { pids($0).count } == [5, 1])
    #expect(datagrams[1].date == Conditioner.date(of: 24, rate: 1_504_000))
  }

  @Test func nullsStayAtAConstantRate() throws {
    let datagrams = try condition(opening + nulls(11), keepsNulls: true)
    #expect(datagrams.map { pids($0).count } == [7, 7, 1])
  }

  @Test func sevenPacketsAndOneClock() throws {
    let datagrams = try condition(
      opening + [[UInt8]](repeating: Make.video, count: 7) + nulls(13) + [Make.clocked] + nulls(19) + [Make.clocked])
    #expect(datagrams.map { pids($0).count } == [7, 6, 1])
    #expect(zip(datagrams.dropFirst(), datagrams).allSatisfy { $0.date > $1.date })
  }

  @Test func noDatagramLastsLonger() throws {
    let datagrams = try condition(opening + nulls(60) + [Make.video] + nulls(60) + [Make.video])
    for datagram in datagrams { #expect(pids(datagram).count <= 7) }
    let span = Conditioner.date(of: 40, rate: 1_504_000)
    #expect(zip(datagrams.dropFirst(), datagrams).allSatisfy { $0.date - $1.date <= span })
  }

  /// Whoever begins to listen anywhere has tables within 75 ms and a PCR within 32, and a PCR before any media.
  @Test func tablesAndClocksComeInTime() throws {
    let datagrams = try condition(opening + nulls(1_000))
    for pid in tables {
      let dates = datagrams.filter { pids($0).contains(pid) }.map(\.date)
      #expect(zip(dates.dropFirst(), dates).allSatisfy { $0 - $1 <= .milliseconds(75) })
      #expect(dates.count >= 13)
    }
    let clocks = datagrams.filter { headers($0).contains { $0.pcr != nil } }
    #expect(zip(clocks.dropFirst(), clocks).allSatisfy { $0.date - $1.date <= .milliseconds(32) })
    for datagram in datagrams where pids(datagram).first == PID.pat {
      #expect(Array(pids(datagram).prefix(3)) == tables)
      #expect(headers(datagram).contains { $0.pcr != nil })
    }
    #expect(datagrams.filter(\.isRandomAccess).count == 1)
  }

  /// A muxer's clock every millisecond: one is kept every 20 ms or after tables, of the others only the clock goes.
  @Test func clocksThatComeTooOftenAreStuffed() throws {
    let datagrams = try condition(opening + [[UInt8]](repeating: Make.clocked, count: 200))
    var dates: [Ticks] = []
    var stuffed = 0
    for datagram in datagrams {
      for (index, header) in headers(datagram).enumerated() where header.pid == PID.video && header.hasPayload {
        let packet = Array(datagram.bytes[188 * index..<188 * (index + 1)])
        if header.pcr != nil {
          dates.append(datagram.date)
        } else {
          stuffed += 1
          #expect(packet[4..<12] == Make.clocked[4..<5] + [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
          #expect(packet[12...] == Make.clocked[12...])
        }
      }
    }
    #expect(stuffed > 150 && dates.count >= 8)
    let afterTables = Set(datagrams.filter { pids($0).first == PID.pat }.map(\.date))
    for (later, earlier) in zip(dates.dropFirst(), dates) where !afterTables.contains(later) {
      #expect(.milliseconds(19) <= later - earlier && later - earlier <= .milliseconds(28))
    }
  }

  @Test func aKeyFrameKeepsItsClock() throws {
    // The second comes 10 ms after the first, too soon for tables.
    let datagrams = try condition(opening + nulls(9) + [Make.key])
    let keys = datagrams.flatMap(headers).filter(\.randomAccess)
    #expect(keys.count == 2 && keys.allSatisfy { $0.pcr != nil })
  }

  @Test func theTimeComesNowAndThen() throws {
    let datagrams = try condition(opening + nulls(25_000), duration: .seconds(30))
    let times = datagrams.filter { pids($0).contains(PID.tdt) }
    #expect(times.count == 3)
    // Never in the place of the service description.
    #expect(times.allSatisfy { Array(pids($0).prefix(4)) == tables + [PID.tdt] })
  }

  /// The next packet of media behind tables has a PCR, or a packet with nothing else stands before it.
  @Test func noMediaBetweenTablesAndClock() throws {
    let media = (0..<500).map { $0 % 3 == 0 ? Make.audio : Make.video }
    let datagrams = try condition(opening + media)
    var awaitsClock = false
    for packet in datagrams.flatMap(headers) {
      if packet.pid == PID.pmt { awaitsClock = true }
      if packet.pcr != nil { awaitsClock = false }
      if packet.hasPayload, packet.pid == PID.video || packet.pid == PID.firstAudio { #expect(!awaitsClock) }
    }
  }

  /// What is put in between moves what follows back; null packets make up for it, and all is as before.
  @Test func whatIsPutInIsMadeUpFor() throws {
    let media = [[UInt8]](repeating: Make.video, count: 100)
    let datagrams = try condition(opening + media + nulls(40) + [Make.key])
    let last = try #require(datagrams.last)
    #expect(last.isRandomAccess)
    // 144 packets before it; the tables in front of it, and perhaps a clock, come on top.
    let late = last.date - Conditioner.date(of: 144, rate: 1_504_000)
    #expect((.milliseconds(3)...Ticks.milliseconds(4)).contains(late))
  }

  @Test func countersCount() throws {
    var media = [Make.video, Make.video, Make.key, Make.video].flatMap { [$0] + nulls(60) }
    for (count, index) in stride(from: 0, to: media.count, by: 61).enumerated() { media[index][3] |= UInt8(count + 1) }
    let datagrams = try condition(opening + media + nulls(2_000))
    var counters: [UInt16: UInt8] = [:]
    for packet in datagrams.flatMap(headers) {
      let expected = counters[packet.pid, default: 0]
      // A clock alone repeats the counter of the packet before it.
      #expect(packet.continuityCounter == (packet.hasPayload ? expected : (expected &- 1) & 0x0F))
      if packet.hasPayload { counters[packet.pid] = (expected + 1) & 0x0F }
    }
    #expect(counters.count == 5)
  }

  @Test func everyKeyFrameIsAWayIn() throws {
    let datagrams = try condition(
      opening + nulls(50) + [
        Make.video, Make.pat, Make.pmt, Make.null, Make.sdt, Make.clock, Make.key,  // one
        Make.video, Make.pat, Make.pmt, Make.video,
      ] + nulls(50) + [
        Make.sound, Make.audio, Make.key,  // one
        Make.key,  // none: too near
      ])
    let points = datagrams.filter(\.isRandomAccess)
    #expect(points.map { pids($0).prefix(3) } == [tables[...], tables[...], tables[...]])
    for point in points {
      let media = headers(point).first { !tables.contains($0.pid) && $0.pid != PID.tdt }
      #expect(media?.randomAccess == true)
    }
    #expect(datagrams.flatMap(headers).filter { $0.pid == PID.video && $0.hasPayload }.count == 7)
  }

  @Test func soundIsTheWayInOnTheRadio() throws {
    let packets = [Make.sdt, Make.pat, Make.pmt, Make.sound, Make.audio] + nulls(70) + [Make.sound]
    let datagrams = try condition(packets, accessPID: PID.firstAudio)
    #expect(datagrams.filter(\.isRandomAccess).count == 2)
    #expect(datagrams.filter { pids($0).contains(PID.pat) }.count == 2)
  }

  @Test func nothingLeavesAfterTheEnd() throws {
    let datagrams = try condition(
      opening + [[UInt8]](repeating: Make.video, count: 20), duration: .milliseconds(10))
    #expect(datagrams.flatMap(pids).count == 10)
  }

  @Test func brokenPacketsAreRefused() {
    #expect(throws: RecorderError.self) { try condition([[UInt8](repeating: 0, count: 188)]) }
    #expect(throws: RecorderError.self) { try condition([Make.pat, Make.key]) }
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
  @Test func mediaBetweenTablesAndClock() {
    #expect(check(clocks: [0, 1, 2, 3, 5, 6, 7, 8, 9], unit: unit, unitAt: 4)?.contains("next PCR") == true)
  }

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
