import Testing
import TransportStream

@Suite struct TicksTests {
  @Test func nanosecondsKeepTheirTick() {
    #expect(Ticks(nanoseconds: 1_000_000_000).count == 27_000_000)
    #expect(Ticks(nanoseconds: 1_790_000_000_123_456_789).count == 1_790_000_000 * 27_000_000 + 3_333_333)
    for count in [Int64(0), 1, 26, 27, 299, 300, 48_330_000_000_000_001, -1, -27_000_001] {
      #expect(Ticks(nanoseconds: Ticks(count).nanoseconds).count == count)
    }
  }

  @Test func clocksWrapWhereTheStandardSays() {
    let wrap = Ticks((1 << 33) * 300)
    #expect((wrap - Ticks(1)).pcr == (1 << 33) * 300 - 1)
    #expect(wrap.pcr == 0)
    #expect((wrap + Ticks(599)).pcr == 599)
    #expect((wrap + Ticks(599)).timestamp == 1)
    #expect((wrap - Ticks(1)).timestamp == (1 << 33) - 1)
    #expect(Ticks(-1).pcr == (1 << 33) * 300 - 1)
  }

  @Test func distancesGoTheShorterWayRound() {
    let last = UInt64(ClockReference.modulus) - 1
    #expect(ClockReference.distance(from: last, to: 4) == Ticks(5))
    #expect(ClockReference.distance(from: 4, to: last) == Ticks(-5))
    #expect(TimeStamp.distance(from: (1 << 33) - 1, to: 1) == Ticks(600))
    #expect(TimeStamp.distance(from: 1, to: (1 << 33) - 1) == Ticks(-600))
  }
}
