import Testing
import TransportStream

@testable import AirWatch

@Suite struct ArrivalLogTests {
  @Test func aBurstIsWhatComesWithinAHundredMicroseconds() {
    let bursts = Bursts([0, 50_000, 100_000, 100_001, 300_000, 300_001, 300_002, 300_003, 300_004])
    #expect(bursts.largest == 5)
    #expect(bursts.beyondThree == 2)
    #expect(Bursts([]).largest == 0)
  }

  @Test func theLongestSilenceIsFound() {
    var log = ArrivalLog(expecting: 4)
    for arrival: Int64 in [10, 30, 90, 100] { log.take(arrival: arrival, pcr: nil) }
    #expect(log.longestSilence(until: 120)?.length == 60)
    #expect(log.longestSilence(until: 120)?.after == 30)
    #expect(log.longestSilence(until: 200)?.length == 100)
    #expect(log.longestSilence(until: 200)?.after == 100)
    #expect(ArrivalLog(expecting: 0).longestSilence(until: 200) == nil)
  }

  /// A PCR that is UTC, a delay of 2 ms, and one datagram 5 ms later than that, while the PCR wraps.
  @Test func paceIsMeasuredAgainstTheClockOfTheStream() throws {
    var log = ArrivalLog(expecting: 100)
    let start = Ticks(ClockReference.modulus * 18_000) - .seconds(1)
    for step in 0..<100 {
      let date = start + .milliseconds(20 * Int64(step))
      let arrival = date + .milliseconds(step == 70 ? 7 : 2)
      log.take(arrival: arrival.nanoseconds, pcr: date.pcr)
    }
    let pace = try #require(Pace(log.lateness))
    #expect(pace.count == 100)
    #expect(abs(pace.offset - 2) < 1e-3)
    #expect(pace.error.p50 < 1e-3)
    #expect(abs(pace.error.max - 5) < 1e-3)
    #expect(abs(pace.lateness.max - 5) < 1e-3)
  }

  @Test func numbersAreWrittenWithTheirDigits() {
    #expect(fixed(1.2345, 3) == "1.235")
    #expect(fixed(-0.05, 1) == "-0.1")
    #expect(fixed(12, 0) == "12")
    #expect(fixed(nil, 2) == "-")
    #expect(fixed(.infinity, 2) == "-")
  }

  @Test func cellsAreAsWideAsTheWidestOfTheirColumn() {
    #expect(Columns.aligned([["a", "bcd"], ["efg", "h"]], left: 1) == [["a  ", "bcd"], ["efg", "  h"]])
    #expect(Columns.aligned([], left: 1).isEmpty)
  }
}
