import Glibc
import LinuxIO
import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import StationServer

/// 2026-11-22 12:00:00 UTC.
private let noon = Ticks.seconds(1_795_348_800)

/// Live stations, with a recorder that is played here, and in simulated time.
@Suite struct LiveAirTests {
  let directory: TemporaryDirectory
  let tape: Tape

  init() throws {
    directory = try TemporaryDirectory()
    let path = directory.path("a.ts")
    try SyntheticTape(milliseconds: 2_000).write(to: path)
    tape = try Tape(path: path, verify: true)
  }

  private func station(_ eras: [Era], number: UInt16 = 1) throws -> Station {
    let identity = StationIdentity(number: number, name: "S", provider: "P", transportStreamID: 9)
    return try #require(Station(identity: identity, eras: eras))
  }

  private func slot(
    _ station: Station, from: Ticks, figures: StationFigures = StationFigures(), predecessor: Int? = nil
  ) throws -> AirSlot<Station> {
    let group = "239.255.66.\(station.identity.number)"
    return AirSlot(
      source: station, destination: try #require(Destination(group: group, port: 5004)), ssrc: nil, figures: figures,
      readiness: Readiness(), predecessor: predecessor, notBefore: from, lead: .milliseconds(1))
  }

  /// What a receiver finds wrong.
  private func faults(_ datagrams: [[UInt8]]) -> [String] {
    var checker = StreamChecker()
    for datagram in datagrams { checker.check(datagram.span) }
    return checker.report().faults
  }

  /// Every one once, and the same as whoever comes later would send; returns the date of the next one.
  @discardableResult
  private func expectAll(of station: Station, from start: Ticks, _ datagrams: [[UInt8]]) -> Ticks {
    var cursor = station.cursor(at: station.index(at: start))
    for datagram in datagrams {
      var bytes = [UInt8](repeating: 0, count: 1_316)
      var span = bytes.mutableSpan
      bytes.removeLast(1_316 - cursor.write(into: &span))
      #expect(bytes == datagram)
      #expect(station.index(at: cursor.date) == cursor.n)
      cursor.advance()
    }
    return cursor.date
  }

  private func sent(_ batch: ByteBatch, _ number: UInt16 = 1) throws -> [[UInt8]] {
    batch.sent[try #require(Destination(group: "239.255.66.\(number)", port: 5004))] ?? []
  }

  @Test(arguments: [Ticks.milliseconds(1), .milliseconds(8), .milliseconds(40)])
  func tapeRingTape(grain: Ticks) throws {
    let first = try Era(.always([tape]), tapes: [tape])
    let begin = try first.boundary(after: noon + .milliseconds(700), at: .date)
    var recorder = try FakeRecorder(directory.path("r.ring"), tape, begin.date, base: begin.counts)
    let live = try begin.era(Ring(path: recorder.path))
    let end = noon + .seconds(6)
    recorder.end = end

    let figures = StationFigures()
    var batch = ByteBatch()
    var roster = AirRoster.begun(
      [try slot(station([first, live]), from: noon, figures: figures)], grain: Grain(grain, datagramsPerSecond: 0))
    // The recorder is told to leave at 6 s, and does so at once; the tape follows.
    roster.playLive(from: noon, to: noon + .seconds(4), into: &batch) { recorder.write(until: $0 + .milliseconds(20)) }
    recorder.write(until: end)
    let next = try live.boundary(afterRing: Ring(path: recorder.path).counts, at: end).era([Showing(tape)])
    let whole = try station([first, live, next])
    var after = AirRoster<Station>(
      [try slot(whole, from: noon + .seconds(5), figures: figures, predecessor: 0)],
      grain: Grain(grain, datagramsPerSecond: 0))
    after.begin(after: roster)
    after.playLive(from: noon + .seconds(4), to: noon + .seconds(9), into: &batch) { _ in }

    let datagrams = try sent(batch)
    #expect(faults(datagrams) == [])
    #expect(expectAll(of: whole, from: noon, datagrams) > noon + .milliseconds(8_900))
    #expect(figures.skipped.load(ordering: .relaxed) == 0 && figures.errors.load(ordering: .relaxed) == 0)
    #expect(figures.late.load(ordering: .relaxed) == 0)
    #expect(whole.onAir(at: noon + .seconds(3)).end == end)
    #expect(try station([first, live]).onAir(at: noon + .seconds(3)).end == OnAir.open)
  }

  @Test func aDryRingIsItsOwnStationsLoss() throws {
    var recorder = try FakeRecorder(directory.path("r.ring"), tape, noon, base: AirCounts())
    let (live, other) = (StationFigures(), StationFigures())
    var batch = ByteBatch()
    var roster = AirRoster.begun([
      try slot(station([.first(Ring(path: recorder.path), from: noon)]), from: noon, figures: live),
      try slot(station([Era(.always([tape]), tapes: [tape])], number: 2), from: noon, figures: other),
    ])
    func fault() -> String? { live.summary(number: 1, planFault: nil).fault }
    roster.playLive(from: noon, to: noon + .seconds(2), into: &batch) { recorder.write(until: $0 + .milliseconds(20)) }
    #expect(fault() == nil)
    roster.playLive(from: noon + .seconds(2), to: noon + .milliseconds(2_900), into: &batch) { _ in }
    #expect(fault() == nil)
    roster.playLive(from: noon + .milliseconds(2_900), to: noon + .seconds(5), into: &batch) { _ in }
    #expect(fault() == "its recorder delivers nothing")
    // Another one takes the ring over; what it dates in the past by more than a second is not sent.
    let before = live.sent.load(ordering: .relaxed)
    try recorder.goOn(at: noon + .milliseconds(3_500))
    roster.playLive(from: noon + .seconds(5), to: noon + .seconds(8), into: &batch) {
      recorder.write(until: $0 + .milliseconds(20))
    }
    #expect(fault() == nil)
    #expect(live.sent.load(ordering: .relaxed) > before + 100)
    #expect(live.skipped.load(ordering: .relaxed) > 10)
    #expect(other.late.load(ordering: .relaxed) == 0 && other.skipped.load(ordering: .relaxed) == 0)
    #expect(other.worstLateness.load(ordering: .relaxed) <= Ticks.milliseconds(2).count)
  }

  @Test func aRingThatLapsItsReaderOnlyCostsDatagrams() throws {
    var recorder = try FakeRecorder(directory.path("r.ring"), tape, noon, base: AirCounts())
    let figures = StationFigures()
    var batch = ByteBatch()
    var roster = AirRoster.begun(
      [try slot(station([.first(Ring(path: recorder.path), from: noon)]), from: noon, figures: figures)])
    roster.playLive(from: noon, to: noon + .seconds(1), into: &batch) { recorder.write(until: $0 + .milliseconds(20)) }
    // The sender is held up for a minute, many times round.
    recorder.write(until: noon + .seconds(60))
    roster.playLive(from: noon + .seconds(60), to: noon + .seconds(62), into: &batch) {
      recorder.write(until: $0 + .milliseconds(20))
    }
    #expect(figures.skipped.load(ordering: .relaxed) > 3_000)
    #expect(figures.errors.load(ordering: .relaxed) == 0)
    #expect(try sent(batch).count > 180)
  }

  @Test func aTornRingNeverTraps() throws {
    var recorder = try FakeRecorder(directory.path("r.ring"), tape, noon, base: AirCounts())
    recorder.write(until: noon + .seconds(2))
    var generator = SplitMix(state: 66)
    for round in 0..<40 {
      let file = unsafe open(recorder.path, O_RDWR)
      for _ in 0..<(1 << (round % 12)) {
        // Its header only when it has been opened.
        let at = Int.random(in: 16..<4_096 + 512 * 1_536, using: &generator)
        var byte = UInt8.random(in: 0...255, using: &generator)
        _ = unsafe pwrite(file, &byte, 1, at < 56 || at >= 4_096 ? at : 4_096 + at)
      }
      close(file)
      guard let ring = try? Ring(path: recorder.path) else { continue }
      let figures = StationFigures()
      var batch = ByteBatch()
      var roster = AirRoster.begun([try slot(station([.first(ring, from: noon)]), from: noon, figures: figures)])
      roster.playLive(from: noon, to: noon + .seconds(4), into: &batch) { _ in }
    }
  }

  @Test func anHeirTakesOverALiveStation() throws {
    var recorder = try FakeRecorder(directory.path("r.ring"), tape, noon, base: AirCounts())
    let station = try station([.first(Ring(path: recorder.path), from: noon)])
    var batch = ByteBatch()
    var elder = AirRoster.begun([try slot(station, from: noon)])
    elder.playLive(from: noon, to: noon + .seconds(1), into: &batch) { recorder.write(until: $0 + .milliseconds(20)) }
    let date = noon + .milliseconds(1_200)
    // Made ready while most of what it has to leave to the elder is not there yet.
    var heir = AirRoster.begun([try slot(station, from: date)])
    elder.playLive(from: noon + .seconds(1), to: date + .milliseconds(10), before: date, into: &batch) {
      recorder.write(until: $0 + .milliseconds(20))
    }
    heir.playLive(from: date - .milliseconds(5), to: noon + .seconds(3), into: &batch) {
      recorder.write(until: $0 + .milliseconds(20))
    }
    let datagrams = try sent(batch)
    #expect(faults(datagrams) == [])
    #expect(datagrams.count > 200)
    expectAll(of: station, from: noon, datagrams)
  }

  @Test func anHeirThatGetsAnotherPlanBeforeItsTimeLeavesTheRestToItsElder() throws {
    var recorder = try FakeRecorder(directory.path("r.ring"), tape, noon, base: AirCounts())
    let station = try station([.first(Ring(path: recorder.path), from: noon)])
    var batch = ByteBatch()
    var elder = AirRoster.begun([try slot(station, from: noon)])
    elder.playLive(from: noon, to: noon + .seconds(1), into: &batch) { recorder.write(until: $0 + .milliseconds(20)) }
    let date = noon + .milliseconds(1_200)
    let heir = AirRoster.begun([try slot(station, from: date)])
    // By the time of the second plan there is more in the ring that is the elder's.
    elder.playLive(from: noon + .seconds(1), to: noon + .milliseconds(1_100), into: &batch) {
      recorder.write(until: $0 + .milliseconds(20))
    }
    var planned = AirRoster<Station>(
      [try slot(station, from: noon + .milliseconds(1_100), predecessor: 0)],
      grain: Grain(.milliseconds(1), datagramsPerSecond: 0))
    planned.begin(after: heir)
    planned.playLive(from: noon + .milliseconds(1_100), to: noon + .milliseconds(1_101), into: &batch) { _ in }
    elder.playLive(from: noon + .milliseconds(1_101), to: date + .milliseconds(10), before: date, into: &batch) {
      recorder.write(until: $0 + .milliseconds(20))
    }
    planned.playLive(from: date - .milliseconds(5), to: noon + .seconds(3), into: &batch) {
      recorder.write(until: $0 + .milliseconds(20))
    }
    let datagrams = try sent(batch)
    #expect(faults(datagrams) == [])
    #expect(datagrams.count > 200)
    expectAll(of: station, from: noon, datagrams)
  }
}

/// A live recorder: writes a tape's datagrams to a ring again and again, with the counters and clocks of the air.
struct FakeRecorder: ~Copyable {
  let path: String
  /// When it leaves.
  var end: Ticks
  private var writer: RingWriter
  private var cursor: StationCursor
  /// What the stand-in's air is numbered and dated by.
  private var station: Station
  private let tape: Tape
  private let base: AirCounts

  init(_ path: String, _ tape: Tape, _ start: Ticks, base: AirCounts) throws {
    let air = try Self.air(tape, start, base)
    let file = try RingFile(path: path)
    try file.lock()
    let writer = try RingWriter(
      file,
      .init(
        info: RingInfo(format: tape.info.format, map: tape.map),
        base: RingCounts(slots: base.slots, packets: base.packets), datagrams: 512))
    self.writer = writer
    (self.path, self.tape, self.base) = (path, tape, base)
    (station, cursor) = air
    end = Ticks(.max)
  }

  /// Appends everything dated before `date`.
  mutating func write(until date: Ticks) {
    var bytes = [UInt8](repeating: 0, count: 1_316)
    while cursor.date < min(date, end) {
      var span = bytes.mutableSpan
      let count = cursor.write(into: &span)
      try? writer.append(bytes.span.extracting(first: count), date: cursor.date, isRandomAccess: false)
      cursor.advance()
    }
    writer.publish()
    if date >= end { writer.end() }
  }

  /// Another recorder goes on at a later date, with the next counters.
  mutating func goOn(at date: Ticks) throws {
    var counts = base
    let sent = writer.counts
    counts.slots += sent.slots
    counts.packets &+= sent.packets
    (station, cursor) = try Self.air(tape, date, counts)
  }

  private static func air(_ tape: Tape, _ start: Ticks, _ base: AirCounts) throws -> (Station, StationCursor) {
    var record = EraRecord.always([tape])
    (record.start, record.anchor, record.base) = (start, start, base)
    let identity = StationIdentity(number: 99, name: "Stand-in", provider: "P", transportStreamID: 1)
    guard let station = Station(identity: identity, eras: [try Era(record, tapes: [tape])]) else {
      throw TapeError.unfit(path: tape.path, why: "no station")
    }
    return (station, station.cursor(at: station.index(at: start)))
  }
}

extension AirRoster {
  /// As the sending thread does, while a recorder writes every 5 ms.
  mutating func playLive(
    from start: Ticks, to end: Ticks, before last: Ticks = Ticks(.max), into batch: inout some PlayedBatch,
    _ write: (Ticks) -> Void
  ) {
    var now = start
    var written = start
    write(now)
    while now < end {
      while !collect(now: now, before: last, into: &batch) { batch.flush() }
      batch.flush()
      guard let next = nextDate, next < last else { return }
      now = min(max(next, now + Ticks(1)), written + .milliseconds(5))
      if now >= written + .milliseconds(5) {
        written = now
        write(now)
      }
    }
  }
}
