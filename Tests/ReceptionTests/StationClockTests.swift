import TSBytes
import Testing
import Wire

@testable import Reception

struct StationClockTests {
  private static let second: Int64 = 1_000_000_000
  /// It wraps after half a minute.
  private static let start = UInt32.max - 30 * 90_000

  /// A station's clock and ours may differ by 100 ppm for a day, and now and then nothing comes for an hour.
  @Test(arguments: [Int64(-100), 100], [Int64(1), 20, 3600])
  func clocksThatDriftAreFollowed(partsPerMillion: Int64, step: Int64) {
    var clock = StationClock()
    for seconds in stride(from: Int64(0), to: 86_400, by: Int64.Stride(step)) {
      let ticks = seconds * 90_000 + seconds * 90_000 * partsPerMillion / 1_000_000
      let timestamp = Self.start &+ UInt32(truncatingIfNeeded: ticks)
      #expect(clock.isDue(timestamp &+ 45_000, now: seconds * Self.second))
      clock.follow(timestamp, now: seconds * Self.second)
    }
    #expect(clock.lead(Self.start, now: 0) != nil)
  }

  /// Whoever steps ahead as far as is believed, again and again, gains a thousandth of the time.
  @Test func smallStepsDoNotAddUp() {
    var clock = StationClock()
    clock.reach(Self.start, now: 0)
    var (ahead, refused) = (Int64(0), 0)
    for milliseconds in Int64(1)...60_000 {
      let timestamp = Self.start &+ UInt32(truncatingIfNeeded: milliseconds * 90 + ahead + 9000)
      guard clock.isDue(timestamp, now: milliseconds * 1_000_000) else {
        refused += 1
        continue
      }
      ahead += 9000
      clock.follow(timestamp, now: milliseconds * 1_000_000)
    }
    #expect(ahead <= StationClock.tolerance + 60 * 90 + 9000 && refused > 59_000)
  }

  @Test func whatComesLateSetsNothingBack() {
    var clock = StationClock()
    #expect(clock.lead(Self.start, now: 0) == nil && clock.isDue(Self.start, now: 0))
    clock.reach(Self.start, now: 0)
    clock.reach(Self.start, now: 5 * Self.second)
    #expect(clock.lead(Self.start, now: 5 * Self.second) == -450_000)
    clock.follow(Self.start, now: 5 * Self.second)
    #expect(clock.lead(Self.start, now: 5 * Self.second) == -450_000 + 450)
    clock.set(Self.start, now: 5 * Self.second)
    #expect(clock.lead(Self.start, now: 5 * Self.second) == 0)
  }

  /// A reply that was under way for seconds says less than it seems to: what comes is believed a moment later.
  @Test func aReplyThatIsLateKeepsNobodyFromMulticast() {
    var tuning = TSBytes.tuning()
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    var reception = StationReception(tuning, now: 0)
    _ = reception.opening(for: 0)
    let date = 1_795_359_872.0
    reception.opened(
      StreamReply(station: 1, ssrc: 1, first: 70_000, date: date, next: 70_000, now: date, earliest: 0), by: 0, now: 1)
    let packet = TSBytes.packet(0x100, counter: 0)
    // One every 10 ms, from 4 s later on.
    for number in Int64(0)..<100 {
      var datagram = TSBytes.rtp(UInt16(truncatingIfNeeded: 70_400 + number), packet)
      let timestamp = Int64(date * 90_000) + (400 + number) * 900
      for index in 0..<4 { datagram[4 + index] = UInt8(truncatingIfNeeded: timestamp >> Int64(24 - 8 * index)) }
      reception.datagram(datagram.span, by: 0, arrival: 0, now: 10_000_000 + number * 10_000_000)
    }
    let figures = reception.figures
    #expect(figures.received > 70 && reception.edge == 70_499)
  }
}
