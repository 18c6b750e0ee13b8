import Glibc
import LinuxIO
import Testing
import TransportStream
import Wire

@testable import StationServer

@Suite struct AirRosterTests {
  /// Noon of some day in 2026, not a multiple of any period here, but the beginning of a window of the finest grain.
  let noon = Ticks.seconds(1_792_065_600) + Ticks(13_500)

  @Test func everyDatagramOnceAndOnTime() throws {
    let stations = [
      FakeStation(id: 1), FakeStation(id: 2, period: Ticks(70_001), phase: Ticks(-9)),
      FakeStation(id: 3, period: .milliseconds(40), phase: Ticks(5)),
    ]
    let figures = stations.map { _ in StationFigures() }
    var roster = AirRoster.begun(zip(stations, figures).map { AirSlot($0, from: noon, figures: $1) })
    var batch = FakeBatch()
    roster.play(from: noon, to: noon + .seconds(60), into: &batch)
    for (station, figures) in zip(stations, figures) {
      let first = station.index(at: noon)
      let numbers = batch.numbers(of: station.id)
      #expect(numbers == Array(first..<first + Int64(numbers.count)))
      #expect(abs(Int64(numbers.count) - Ticks.seconds(60).count / station.period.count) <= 1)
      let summary = figures.summary(number: 1, planFault: nil)
      #expect(summary.sent == numbers.count)
      #expect(summary.late == 0 && summary.skipped == 0 && summary.errors == 0 && summary.fault == nil)
      #expect(summary.worstLateness == 0)
    }
  }

  @Test func nothingBeforeItsWindowOfTheGrain() throws {
    let date = noon + Ticks(700)
    var roster = AirRoster.begun([AirSlot(FakeStation(phase: date), from: noon)])
    var batch = FakeBatch()
    #expect(roster.nextDate == noon)
    #expect(roster.collect(now: noon - Ticks(1), before: Ticks(.max), into: &batch))
    #expect(batch.count == 0)
    #expect(roster.collect(now: noon, before: Ticks(.max), into: &batch))
    #expect(batch.count == 1)
    #expect(roster.nextDate == noon + .milliseconds(2))
  }

  @Test func aWindowsDatagramsLeaveInARow() throws {
    // Windows of the first slot begin with the epoch, those of the second three sevenths of the grain later.
    let grain = Grain(.milliseconds(7), datagramsPerSecond: 500_000)
    let start = Ticks.milliseconds(7) * 256_009_371_428
    var roster = AirRoster.begun(
      (1...2).map { AirSlot(FakeStation(id: $0, phase: start), from: start) }, grain: grain)
    var batch = FakeBatch()
    #expect(roster.collect(now: start, before: Ticks(.max), into: &batch))
    // The second slot is new, and in the middle of a window: what is left of that is due at once.
    #expect(batch.waiting.map(\.id) == [1, 1, 1, 1, 2, 2])
    #expect(batch.waiting.map(\.n) == [0, 1, 2, 3, 0, 1])
    batch.flush()
    #expect(roster.nextDate == start + .milliseconds(3))
    #expect(roster.collect(now: start + .milliseconds(3), before: start + .milliseconds(6), into: &batch))
    #expect(batch.waiting.map(\.id) == [2])
    #expect(batch.waiting.map(\.n) == [2], "nothing dated at the end or after it")
    #expect(roster.nextDate == start + .milliseconds(6))
  }

  @Test func clockReferencesLeaveOnTheirDatesAndTheOthersInCompany() throws {
    // A datagram every 2 ms, every fourth with a clock reference, in windows of 7 ms: 0 … 6, 7 … 13, 14 … 20.
    let grain = Grain(.milliseconds(7), datagramsPerSecond: 500)
    let start = Ticks.milliseconds(7) * 256_009_371_428
    var roster = AirRoster.begun([AirSlot(FakeStation(phase: start, clockEvery: 4), from: start)], grain: grain)
    var batch = FakeBatch()
    var departures: [(at: Int64, n: [Int64])] = []
    while let next = roster.nextDate, next < start + .milliseconds(24) {
      #expect(roster.collect(now: next, before: Ticks(.max), into: &batch))
      departures.append(((next - start).count / (Ticks.perSecond / 1_000), batch.waiting.map(\.n)))
      batch.flush()
    }
    #expect(departures.map(\.at) == [0, 8, 14, 16, 21])
    #expect(departures.map(\.n) == [[0, 1, 2, 3], [4, 5, 6], [7], [8, 9, 10], [11]])
  }

  @Test func whoeverIsAwakeTakesOthersAlong() throws {
    // The first wakes the thread at 0, 8, 16 … with its clock references; the second has none, and windows that begin 3 ms
    // after the first one's: those that begin no later than 2 ms from then go along.
    let grain = Grain(.milliseconds(7), datagramsPerSecond: 500)
    let start = Ticks.milliseconds(7) * 256_009_371_428
    let stations = [FakeStation(id: 1, phase: start, clockEvery: 4), FakeStation(id: 2, phase: start)]
    var roster = AirRoster.begun(stations.map { AirSlot($0, from: start) }, grain: grain)
    var batch = FakeBatch()
    roster.play(from: start, to: start + .milliseconds(7), into: &batch)
    #expect(batch.numbers(of: 2) == [0, 1, 2, 3, 4])
    batch.sent = []
    #expect(roster.nextDate == start + .milliseconds(8))
    #expect(roster.collect(now: start + .milliseconds(8), before: Ticks(.max), into: &batch))
    batch.flush()
    #expect(batch.sent.first.map(\.id) == 1, "clock references first")
    #expect(batch.numbers(of: 2) == [5, 6, 7, 8], "its window from 10 on")
  }

  @Test func whoLeadsIsAheadOfItsDatesAndNotLate() throws {
    let figures = StationFigures()
    let lead = Ticks.milliseconds(1)
    var roster = AirRoster.begun([AirSlot(FakeStation(phase: noon), from: noon, figures: figures, lead: lead)])
    var batch = FakeBatch()
    #expect(roster.nextDate == noon - lead)
    roster.play(from: noon - lead, to: noon + .milliseconds(10) - lead, before: noon + .milliseconds(8), into: &batch)
    #expect(batch.numbers(of: 1) == [0, 1, 2, 3], "what is dated 8 ms is somebody else's")
    let summary = figures.summary(number: 1, planFault: nil)
    #expect(summary.sent == 4 && summary.late == 0 && summary.worstLateness == 0)
  }

  @Test func theHeaderSaysNumberDateAndSource() throws {
    let station = FakeStation(phase: noon)
    // Sequence number 0xFFFF, then 0; RTP's clock is the date's 90 kHz modulo 2^32.
    let n = Int64(0xFFFF)
    var roster = AirRoster.begun([AirSlot(station, from: station.date(of: n), ssrc: 0xCAFE_F00D)])
    var batch = FakeBatch()
    roster.play(from: station.date(of: n), to: station.date(of: n + 2), into: &batch)
    try #require(batch.sent.map(\.n) == [n, n + 1])
    for (datagram, sequence) in zip(batch.sent, [UInt16(0xFFFF), 0]) {
      let bytes = datagram.header + [0x47]
      guard let (header, payload) = RTPHeader.parse(bytes.span) else {
        Issue.record("not an RTP packet")
        continue
      }
      #expect(payload == 12..<13)
      #expect(header.payloadType == 33 && !header.marker)
      #expect(header.sequenceNumber == sequence)
      #expect(header.ssrc == 0xCAFE_F00D)
      let clock = station.date(of: datagram.n).count / 300
      #expect(header.timestamp == UInt32(clock & 0xFFFF_FFFF))
    }
    var bare = AirRoster.begun([AirSlot(station, from: noon)])
    var other = FakeBatch()
    bare.play(from: noon, to: noon + Ticks(1), into: &other)
    #expect(other.sent.map(\.header) == [[]])
  }

  @Test func aLittleLateIsSentAndCounted() throws {
    let figures = StationFigures()
    var roster = AirRoster.begun([AirSlot(FakeStation(phase: noon), from: noon, figures: figures)])
    var batch = FakeBatch()
    roster.play(from: noon + .milliseconds(900), to: noon + .milliseconds(930), into: &batch)
    let summary = figures.summary(number: 1, planFault: nil)
    #expect(summary.sent == 465)
    #expect((450..<465).contains(summary.late))
    #expect(summary.skipped == 0)
    #expect(summary.worstLateness == 900_000_000)
    #expect(batch.numbers(of: 1) == Array(0..<465))
  }

  @Test(arguments: [Grain(Grain.finest, datagramsPerSecond: 0), Grain(datagramsPerSecond: 1_000)])
  func aSenderThatWasHeldUpCatchesUpInSmallSteps(grain: Grain) throws {
    var roster = AirRoster.begun([1, 2].map { AirSlot(FakeStation(id: $0, phase: noon), from: noon) }, grain: grain)
    var batch = FakeBatch()
    var now = noon + .milliseconds(50)
    var steps: [Int] = []
    while batch.numbers(of: 1).count < 26 {
      #expect(roster.collect(now: now, before: Ticks(.max), into: &batch))
      steps.append(batch.waiting.filter { $0.id == 1 }.count)
      batch.flush()
      now = try #require(roster.nextDate)
    }
    #expect(steps.prefix(8) == [3, 3, 3, 3, 3, 3, 3, 3] && steps.allSatisfy { $0 <= 3 })
    #expect(now - noon < .milliseconds(54), "150 us each, so within the next datagram's time")
    #expect(batch.numbers(of: 2) == batch.numbers(of: 1))
  }

  @Test func nothingIsLeftOverWhenTheAirIsHandedOver() throws {
    var roster = AirRoster.begun([AirSlot(FakeStation(phase: noon), from: noon)])
    var batch = FakeBatch()
    let end = noon + .milliseconds(50)
    #expect(roster.collect(now: end + .milliseconds(5), before: end, into: &batch))
    batch.flush()
    #expect(batch.numbers(of: 1) == Array(0..<25))
    #expect(roster.nextDate == end)
  }

  @Test func moreThanASecondLateIsSkipped() throws {
    let figures = StationFigures()
    var roster = AirRoster.begun([AirSlot(FakeStation(phase: noon), from: noon, figures: figures)])
    var batch = FakeBatch()
    roster.play(from: noon + .seconds(3600), to: noon + .seconds(3600) + .milliseconds(10), into: &batch)
    #expect(batch.numbers(of: 1) == Array(1_800_000..<1_800_005))
    let summary = figures.summary(number: 1, planFault: nil)
    #expect(summary.skipped == 1_800_000)
    #expect(summary.sent == 5 && summary.late == 0)
  }

  @Test func badBytesCostTheirStationOnly() throws {
    // The second programme (10 s ... 20 s) is bad from its start to its end.
    let broken = FakeStation(id: 1, bad: 5000..<10_000)
    let start = Ticks.zero
    let figures = StationFigures()
    var roster = AirRoster.begun([
      AirSlot(broken, from: start, figures: figures), AirSlot(FakeStation(id: 2), from: start),
    ])
    var batch = FakeBatch()
    roster.play(from: start, to: .seconds(15), into: &batch)
    #expect(batch.numbers(of: 1) == Array(0..<5000))
    let during = figures.summary(number: 1, planFault: nil)
    #expect(during.errors == 50)
    #expect(during.fault?.contains("cannot be read") == true)
    roster.play(from: .seconds(15), to: .seconds(30), into: &batch)
    #expect(batch.numbers(of: 1) == Array(0..<5000) + Array(10_000..<15_000))
    #expect(batch.numbers(of: 2) == Array(0..<15_000))
    let after = figures.summary(number: 1, planFault: nil)
    #expect(after.fault == nil)
    #expect(after.skipped == 5000 - 50)
  }

  @Test func aRefusalIsItsStationsError() throws {
    let figures = [StationFigures(), StationFigures()]
    var roster = AirRoster.begun([
      AirSlot(FakeStation(id: 1, phase: noon), from: noon, figures: figures[0]),
      AirSlot(FakeStation(id: 2, phase: noon), from: noon, figures: figures[1]),
    ])
    var batch = FakeBatch()
    #expect(roster.collect(now: noon, before: Ticks(.max), into: &batch))
    try #require(batch.waiting.map(\.id) == [1, 2])
    roster.refused(1, code: ENETDOWN)
    let summaries = figures.map { $0.summary(number: 1, planFault: nil) }
    #expect(summaries.map(\.sent) == [1, 0])
    #expect(summaries.map(\.errors) == [0, 1])
    #expect(summaries[1].fault == "the network refuses datagrams: Network is down")
    roster.reckon(elapsed: .seconds(1))
    #expect(figures[1].summary(number: 1, planFault: nil).fault == nil)
  }

  @Test func theBitrateIsOfTheLastSecond() throws {
    let figures = StationFigures()
    var roster = AirRoster.begun([AirSlot(FakeStation(phase: noon), from: noon, figures: figures)])
    var batch = FakeBatch()
    roster.play(from: noon, to: noon + .seconds(1), into: &batch)
    roster.reckon(elapsed: .seconds(1))
    #expect(figures.summary(number: 1, planFault: nil).bitrate == 500 * 188 * 8)
    roster.reckon(elapsed: .seconds(1))
    #expect(figures.summary(number: 1, planFault: nil).bitrate == 0)
  }

  @Test func aNewPlanInterruptsNobodyWhoStays() throws {
    let figures = StationFigures()
    var batch = FakeBatch()
    var first = AirRoster.begun([
      AirSlot(FakeStation(id: 1, phase: noon), from: noon),
      AirSlot(FakeStation(id: 2, phase: noon), from: noon, figures: figures),
    ])
    first.play(from: noon, to: noon + .seconds(5), into: &batch)
    // Station 1 leaves, 2 stays, 3 is new; the order was made a moment before it is carried out.
    let made = noon + .seconds(5) - .milliseconds(3)
    var second = AirRoster.begun(
      [
        AirSlot(FakeStation(id: 2, phase: noon), from: made, predecessor: 1, figures: figures),
        AirSlot(FakeStation(id: 3, phase: noon), from: made + .milliseconds(10)),
      ], after: first)
    second.play(from: noon + .seconds(5), to: noon + .seconds(10), into: &batch)
    #expect(batch.numbers(of: 1) == Array(0..<2500))
    #expect(batch.numbers(of: 2) == Array(0..<5000))
    #expect(batch.numbers(of: 3) == Array(2504..<5000))
    #expect(figures.summary(number: 2, planFault: nil).sent == 5000)
  }

  @Test func anotherPastMeansAFreshStart() throws {
    var batch = FakeBatch()
    var first = AirRoster.begun([AirSlot(FakeStation(id: 1, phase: noon), from: noon)])
    first.play(from: noon, to: noon + .seconds(1), into: &batch)
    let other = FakeStation(id: 1, period: .milliseconds(5), phase: noon)
    let from = noon + .seconds(1)
    var second = AirRoster.begun([AirSlot(other, from: from, predecessor: 0)], after: first)
    second.play(from: from, to: noon + .seconds(2), into: &batch)
    #expect(batch.numbers(of: 1) == Array(0..<500) + Array(200..<400))
  }

  @Test func elderAndHeirSendEachDatagramExactlyOnce() throws {
    let stations = [
      FakeStation(id: 1), FakeStation(id: 2, period: Ticks(70_001)), FakeStation(id: 3, period: .milliseconds(40)),
    ]
    // The agreed date falls right on a datagram of station 1; the two threads wake whenever they like.
    let agreed = FakeStation(id: 1).date(of: FakeStation(id: 1).index(at: noon + .seconds(2)))
    for skew in [Ticks.zero, .milliseconds(7), -.milliseconds(7)] {
      var batch = FakeBatch()
      var elder = AirRoster.begun(stations.map { AirSlot($0, from: noon) })
      elder.play(from: noon, to: agreed + .milliseconds(300), before: agreed, into: &batch)
      #expect((elder.nextDate ?? .zero) >= agreed)
      var heir = AirRoster.begun(stations.map { AirSlot($0, from: agreed) })
      heir.play(from: agreed + skew, to: agreed + .seconds(2), into: &batch)
      for station in stations {
        let numbers = batch.numbers(of: station.id)
        let first = station.index(at: noon)
        #expect(numbers == Array(first..<first + Int64(numbers.count)))
        #expect(numbers.count >= 100)
      }
    }
  }

  @Test func theHeirDoesNotOvertakeTheElder() throws {
    // Both on one clock, each awake when it wants to be; a clock reference in every seventh datagram.
    let grain = Grain(.milliseconds(8), datagramsPerSecond: 1_000)
    let stations = (0..<40).map { id in
      FakeStation(id: UInt8(id), phase: Ticks(Int64(id) * 77_777), clockEvery: 7)
    }
    let agreed = noon + .milliseconds(500)
    let lead = Ticks.milliseconds(2)
    var elder = AirRoster.begun(stations.map { AirSlot($0, from: noon, lead: lead) }, grain: grain)
    var heir = AirRoster.begun(stations.map { AirSlot($0, from: agreed, lead: lead) }, grain: grain)
    var batch = FakeBatch()
    var now = noon - .milliseconds(20)
    while now < noon + .seconds(1) {
      while !elder.collect(now: now, before: agreed, into: &batch) { batch.flush() }
      batch.flush()
      while !heir.collect(now: now, before: Ticks(.max), into: &batch) { batch.flush() }
      batch.flush()
      let elderNext = elder.nextDate.map { $0 < agreed ? $0 : Ticks(.max) } ?? Ticks(.max)
      now = max(now + Ticks(1), min(elderNext, heir.nextDate ?? Ticks(.max)))
    }
    for station in stations {
      let numbers = batch.numbers(of: station.id)
      let first = station.index(at: noon)
      #expect(numbers == Array(first..<first + Int64(numbers.count)))
      #expect(numbers.count > 450)
    }
  }

  @Test func whoWaitedForATapeGoesOnAndNeverBack() throws {
    // Windows of 40 ms, of which the last is cut where memory ends.
    let grain = Grain(.milliseconds(40), datagramsPerSecond: 500_000)
    let readiness = Readiness()
    let before = AirRoster.begun([AirSlot(FakeStation(phase: noon), from: noon, readiness: readiness)], grain: grain)
    var roster = before
    var batch = FakeBatch()
    readiness.end = noon + .milliseconds(30)
    roster.play(from: noon - .milliseconds(40), to: noon + .milliseconds(10), into: &batch)
    #expect(batch.numbers(of: 1) == Array(0..<15))
    // A plan that comes meanwhile changes nothing.
    var next = AirRoster(
      [AirSlot(FakeStation(phase: noon), from: noon, predecessor: 0, readiness: readiness)].compactMap { $0 },
      grain: grain)
    next.begin(after: roster)
    readiness.end = Ticks(.max)
    next.play(from: noon + .milliseconds(10), to: noon + .milliseconds(200), into: &batch)
    let numbers = batch.numbers(of: 1)
    #expect(numbers == Array(0..<Int64(numbers.count)) && numbers.count >= 100)
  }

  @Test func whatIsNotThereYetButNotDueIsWaitedFor() throws {
    // As with a live station: what will be sent comes to be 5 ms before it is due.
    let (figures, readiness) = (StationFigures(), Readiness())
    let grain = Grain(.milliseconds(8), datagramsPerSecond: 1_000)
    var roster = AirRoster.begun(
      [AirSlot(FakeStation(phase: noon), from: noon, figures: figures, readiness: readiness)], grain: grain)
    var batch = FakeBatch()
    var now = noon - .milliseconds(10)
    while now < noon + .seconds(1) {
      readiness.end = now + .milliseconds(5)
      #expect(roster.collect(now: now, before: Ticks(.max), into: &batch))
      batch.flush()
      now = max(now + .milliseconds(1), roster.nextDate ?? now)
    }
    #expect(batch.numbers(of: 1).count >= 500)
    let summary = figures.summary(number: 1, planFault: nil)
    #expect(summary.skipped == 0 && summary.late == 0 && summary.fault == nil)
  }

  @Test func aDateThatStandsStillHoldsUpNobody() throws {
    var stuck = FakeStation(id: 1, phase: noon)
    stuck.standsStill = true
    var roster = AirRoster.begun([AirSlot(stuck, from: noon), AirSlot(FakeStation(id: 2, phase: noon), from: noon)])
    var batch = FakeBatch()
    roster.play(from: noon, to: noon + .milliseconds(500), into: &batch)
    #expect(batch.numbers(of: 1) == [0])
    #expect(batch.numbers(of: 2) == Array(0..<250))
  }

  @Test func whatIsNotInMemoryIsNotTouched() throws {
    let (figures, readiness) = (StationFigures(), Readiness())
    var roster = AirRoster.begun([
      AirSlot(FakeStation(id: 1, phase: noon), from: noon, figures: figures, readiness: readiness),
      AirSlot(FakeStation(id: 2, phase: noon), from: noon),
    ])
    var batch = FakeBatch()
    // The disk is slow: nothing of the second between one and two is there in time.
    readiness.end = noon + .seconds(1)
    roster.play(from: noon, to: noon + .milliseconds(1_500), into: &batch)
    #expect(batch.numbers(of: 1) == Array(0..<500))
    #expect(figures.summary(number: 1, planFault: nil).fault?.contains("cannot be read") == true)
    readiness.end = noon + .milliseconds(1_400)
    roster.play(from: noon + .milliseconds(1_500), to: noon + .seconds(2), into: &batch)
    #expect(batch.numbers(of: 1).count == 500, "what came too late stays out")
    readiness.end = Ticks(.max)
    roster.play(from: noon + .seconds(2), to: noon + .seconds(3), into: &batch)
    let after = batch.numbers(of: 1).dropFirst(500)
    #expect(after.first.map { (1_000..<1_011).contains($0) } == true, "no burst to catch up, and soon")
    #expect(after.last == 1_499)
    let summary = figures.summary(number: 1, planFault: nil)
    #expect(summary.fault == nil && summary.errors == 0)
    #expect(summary.skipped == 1_500 - summary.sent)
    #expect(batch.numbers(of: 2) == Array(0..<1_500))
  }
}

@Suite struct DateHeapTests {
  @Test func givesDatesInOrder() {
    var generator = SystemRandomNumberGenerator()
    var heap = DateHeap(capacity: 100)
    #expect(heap.first == nil)
    heap.postponeFirst(to: .zero)
    #expect(heap.first == nil)
    var dates = (0..<100).map { _ in Ticks(Int64.random(in: 0..<50, using: &generator)) }
    for (slot, date) in dates.enumerated() { heap.insert(.init(date: date, slot: slot)) }
    for _ in 0..<2000 {
      guard let first = heap.first else { return }
      let expected = dates.indices.min { (dates[$0], $0) < (dates[$1], $1) }
      #expect(first.slot == expected)
      #expect(first.date == dates[first.slot])
      dates[first.slot] += Ticks(Int64.random(in: 0..<50, using: &generator))
      heap.postponeFirst(to: dates[first.slot])
    }
  }
}
