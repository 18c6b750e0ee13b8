import Testing

@testable import TransportStream

@Suite struct StreamCheckerTests {
  @Test func aCleanStreamHasNoFaultAndIsDescribed() {
    var stream = CheckerStream()
    stream.run(500)
    let report = stream.checker.report()
    #expect(report.faults == [])
    #expect(report.service == "Quay Ø")
    #expect(report.provider == "Lab")
    #expect(report.clock.longestInterval == 20)
    #expect(report.seconds == 9.98)
    #expect(report.tables["PAT"]?.count == 125)
    // Dated by their place between two PCRs, a packet or two off the 80 ms.
    #expect(abs((report.tables["PAT"]?.longestInterval ?? 0) - 80) < 8)
    #expect(report.lines.map(\.pid) == [0, 0x11, 0x100, 0x101, 0x1000])
    #expect(report.lines[3].language == "fin")
    #expect(report.lines[2].type == 0x1B)
    #expect(report.lines[2].timestamps == 500)
    #expect(report.lines[2].leastMargin == 300)
    let bits = Double((1_000 + 2 * 125 + 10) * 188 * 8)
    #expect(abs(report.bitrate - bits / 10) < bits / 100)
  }

  @Test func wrapsAreNoFault() {
    // 2^33 / 90,000 s = 95,443.7 s: both the PCR and, 300 ms earlier, the time stamps wrap within these ten seconds.
    var stream = CheckerStream(at: .milliseconds(95_440_000))
    stream.run(500)
    let report = stream.checker.report()
    #expect(report.faults == [])
    #expect(report.clock.wraps == 1)
    #expect(report.lines.map(\.wraps) == [0, 0, 1, 1, 0])
  }

  @Test func aLostPacketIsAContinuityError() {
    var stream = CheckerStream()
    stream.run(10)
    _ = stream.next(PID.firstAudio)
    stream.run(10)
    #expect(stream.faults == ["continuity 1x"])
    #expect(stream.checker.report().first.first?.pid == PID.firstAudio)
  }

  @Test func onePacketTwiceIsADuplicateAndThriceIsAnError() {
    var stream = CheckerStream()
    stream.run(10)
    let packet = stream.media(PID.firstAudio, dts: (stream.date + stream.lead).timestamp - 900)
    stream.send(packet + packet)
    #expect(stream.faults == ["duplicate 1x"])
    stream.send(packet)
    #expect(stream.count(.continuity) == 1)
  }

  @Test func anAnnouncedJumpOfTheCounterIsNoError() {
    var stream = CheckerStream()
    stream.run(10)
    _ = stream.next(PID.firstAudio)
    stream.send(stream.media(PID.firstAudio, dts: (stream.date + stream.lead).timestamp - 900, discontinuity: true))
    stream.run(10)
    #expect(stream.faults == [])
    #expect(stream.checker.report().announcedDiscontinuities == 1)
  }

  @Test func thePacketWithoutPayloadDoesNotCount() {
    var stream = CheckerStream()
    stream.run(10)
    // Adaptation field only, counter unchanged.
    let counter = (stream.counters[PID.firstAudio, default: 0] + 15) & 0x0F
    let stuffing = [0x47, 0x01, 0x01, 0x20 | counter, 183, 0] + [UInt8](repeating: 0xFF, count: 182)
    stream.send(stuffing)
    stream.run(10)
    #expect(stream.faults == [])
    stream.send([0x47, 0x01, 0x01, 0x20 | (counter + 1) & 0x0F, 183, 0] + [UInt8](repeating: 0xFF, count: 182))
    #expect(stream.count(.continuity) == 1)
  }

  @Test func theClockMustGoOn() {
    var stream = CheckerStream()
    stream.run(10)
    stream.date = stream.date - .milliseconds(30)
    stream.step()
    #expect(stream.count(.clockBack) == 1)
    #expect(stream.count(.timestampBack) == 2)
  }

  @Test func theClockMustNotJump() {
    var stream = CheckerStream()
    stream.run(10)
    stream.date += .milliseconds(1_200)
    stream.step()
    #expect(stream.count(.clockJump) == 1)
    #expect(stream.count(.timestampJump) == 2)
    stream.run(5)
    #expect(stream.count(.associationInterval) == 1)
  }

  @Test func clockReferencesMayBeFortyMillisecondsApartAndNoMore() {
    var stream = CheckerStream()
    stream.run(4)
    stream.date += .milliseconds(20)
    stream.step()
    #expect(stream.count(.clockInterval) == 0)
    stream.date += .milliseconds(21)
    stream.step()
    #expect(stream.count(.clockInterval) == 1)
    #expect(stream.checker.report().clock.longestInterval == 41)
  }

  @Test func theClockMustMoveAsThePacketsArrive() {
    var stream = CheckerStream()
    stream.delay = .milliseconds(5)
    stream.run(10)
    stream.delay = .milliseconds(104)
    stream.run(10)
    #expect(stream.faults == [])
    stream.delay = .milliseconds(205)
    stream.step()
    #expect(stream.faults == ["clockDrift 1x"])
  }

  @Test func tablesMustComeOften() {
    var stream = CheckerStream()
    stream.run(5)
    for _ in 0..<4 { stream.step(tables: false) }
    stream.run(1)
    #expect(stream.count(.associationInterval) == 0)
    for _ in 0..<7 { stream.step(tables: false) }
    stream.run(4)
    #expect(stream.count(.associationInterval) == 1)
    #expect(stream.count(.mapInterval) == 1)
    for _ in 0..<110 { stream.step(tables: false) }
    // Nothing came that could be late: the wait itself is the fault.
    #expect(stream.faults.contains { $0.hasPrefix("SDT not seen for 2") })
  }

  @Test func aStreamWithoutTablesOrClockSaysSo() {
    var stream = CheckerStream()
    for _ in 0..<20 { stream.step(tables: false) }
    #expect(stream.faults == ["no PAT", "no PMT", "no SDT"])
    #expect(StreamChecker().report().faults == ["no packets"])
  }

  @Test func anAccessUnitMustBeThereBeforeItsTime() {
    var stream = CheckerStream()
    stream.run(10)
    stream.lead = .milliseconds(290)
    for _ in 0..<16 {
      stream.lead = stream.lead - .milliseconds(19)
      stream.step()
    }
    // The last lead is -14 ms; the unit is closed by the one after it.
    #expect(stream.count(.timestampLate) == 0)
    stream.lead = .milliseconds(6)
    stream.step()
    #expect(stream.count(.timestampLate) == 2)
    #expect(stream.checker.report().lines[2].leastMargin == -14)
  }

  @Test func framingFaultsAreCounted() {
    var stream = CheckerStream()
    stream.run(10)
    stream.send([UInt8](repeating: 0, count: 188))
    stream.send([0x47, 0x01])
    #expect(stream.count(.sync) == 2)
    stream.send([0x47, 0x81, 0x01, 0x10] + [UInt8](repeating: 0, count: 184))
    #expect(stream.count(.transportError) == 1)
    stream.send([0x47, 0x01, 0x01, 0x00] + [UInt8](repeating: 0, count: 184))
    #expect(stream.count(.header) == 1)
    stream.run(2)
    #expect(stream.count(.continuity) == 0)
  }

  @Test func aMapThatChangesMustSaySo() {
    var stream = CheckerStream()
    stream.run(10)
    stream.mapProgram = 8
    stream.mapVersion = 1
    stream.run(10)
    #expect(stream.faults == [])
    #expect(stream.checker.report().mapChanges == 1)
    stream.mapProgram = 9
    stream.run(10)
    #expect(stream.faults == ["mapUnversioned 1x"])
  }

  @Test func aSpoiledSectionIsFound() {
    var stream = CheckerStream()
    stream.run(10)
    var packet = stream.section(
      ProgramAssociation.section(transportStreamID: 1, program: 7, mapPID: PID.pmt), pid: PID.pat)
    packet[8] ^= 1
    stream.send(packet)
    #expect(stream.faults == ["sectionChecksum 1x"])
  }

  @Test func nullPacketsAreOnlyCounted() {
    var stream = CheckerStream()
    var null = [UInt8](repeating: 0xFF, count: 188)
    var span = null.mutableSpan
    TSPacket.writeNull(to: &span, at: 0)
    stream.run(5)
    for _ in 0..<5 { stream.send(null) }
    stream.run(5)
    #expect(stream.faults == [])
    #expect(stream.checker.report().nullPackets == 5)
  }
}
