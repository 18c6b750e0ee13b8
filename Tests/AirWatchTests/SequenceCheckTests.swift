import Testing
import Wire

@testable import AirWatch

@Suite struct SequenceCheckTests {
  var check = SequenceCheck()

  mutating func take(_ numbers: [UInt16]) {
    for number in numbers { check.take(RTPHeader(sequenceNumber: number, timestamp: 0, ssrc: 1), pcr: nil, at: 0) }
  }

  @Test mutating func numbersInOrderAreClean() {
    for round in 0..<5 {
      take((0..<20_000).map { UInt16(truncatingIfNeeded: 60_000 + round * 20_000 + $0) })
    }
    #expect((check.lost, check.repeated, check.reordered) == (0, 0, 0))
    #expect(check.wraps == 2)
    #expect(check.first == 60_000)
    #expect(check.last == UInt16(truncatingIfNeeded: 60_000 + 99_999))
  }

  @Test mutating func aGapIsCountedAcrossTheWrap() {
    take([65_534, 1])
    #expect(check.lost == 2)
    #expect(check.gaps == [SequenceCheck.Gap(from: 65_535, count: 2, time: 0)])
  }

  @Test mutating func aRepeatedNumberIsNoneLost() {
    take([5, 6, 6, 5, 7])
    #expect((check.lost, check.repeated, check.reordered) == (0, 2, 0))
  }

  @Test mutating func aLateNumberIsReorderedAndThenRepeated() {
    take([5, 7, 8, 6, 6, 9])
    #expect((check.lost, check.repeated, check.reordered) == (0, 1, 1))
  }

  @Test mutating func everyHeaderFieldIsJudged() {
    check.take(RTPHeader(sequenceNumber: 1, timestamp: 3, ssrc: 1), pcr: 900, at: 0)
    // (2^33 - 1) * 300 + 299: the timestamp keeps the low 32 bits of 2^33 - 1.
    check.take(RTPHeader(sequenceNumber: 2, timestamp: 0xFFFF_FFFF, ssrc: 1), pcr: 2_576_980_377_599, at: 0)
    #expect((check.wrongTimestamps, check.sourceChanges, check.malformed) == (0, 0, 0))
    check.take(RTPHeader(sequenceNumber: 3, timestamp: 4, ssrc: 2, payloadType: 96), pcr: 900, at: 0)
    #expect((check.wrongTimestamps, check.sourceChanges, check.malformed) == (1, 1, 1))
  }
}
