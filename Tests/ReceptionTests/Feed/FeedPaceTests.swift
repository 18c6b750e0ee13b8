import TSBytes
import Testing

@testable import Reception

/// Players in simulated time: what they are fed, and when.
struct FeedPaceTests {
  private let station = FeedStation(group: 10)
  private static let millisecond: Int64 = 1_000_000

  /// Gives the feed all that it may take at `now`; returns how many datagrams that were.
  private func pour(_ datagrams: inout ArraySlice<FeedStation.Datagram>, into feed: inout PlayerFeed, now: Int64) -> Int
  {
    var count = 0
    while let next = datagrams.first, feed.mayTake(now: now) {
      feed.accept(next.bytes.span, date: next.date, now: now)
      datagrams.removeFirst()
      count += 1
    }
    feed.drain { (span: Span<UInt8>) throws(Never) in span.count }
    return count
  }

  @Test func aFileTakesEverything() {
    var feed = PlayerFeed(paced: .none, capacity: 64)
    feed.begin(station.tuning, now: 0)
    var rest = station.datagrams(pictures: 60)[...]
    #expect(pour(&rest, into: &feed, now: 0) == 60)
    let (spare, buffer, wake) = (feed.spare(now: 0), feed.buffer(now: 0), feed.wake(now: 0))
    #expect(spare == 0 && buffer == nil && wake == .max)
  }

  @Test func aPlayerWithAGaugeIsKeptShort() {
    var feed = PlayerFeed(paced: .player(hasGauge: true), capacity: 512)
    feed.begin(station.tuning, now: 0)
    var rest = station.datagrams(pictures: 400)[...]
    // 400 ms to begin with; the last one's sound waits for its picture, which is whole when the next one begins.
    #expect(pour(&rest, into: &feed, now: 0) == 11)
    #expect(pour(&rest, into: &feed, now: 100 * Self.millisecond) == 0)
    // It begins to play after 120 ms and tells so every 30 ms, in hundredths of a second.
    var most = 0
    var least = Int.max
    for step in 0..<3000 {
      let now = (120 + Int64(step) * 4) * Self.millisecond
      let clock = 2.0 + Double(step) * 0.004
      if step % 8 == 0 { feed.gauge(clock: (clock * 100).rounded() / 100, now: now) }
      _ = pour(&rest, into: &feed, now: now)
      guard step > 100, let buffer = feed.buffer(now: now) else { continue }
      most = max(most, buffer)
      least = min(least, buffer)
      let wake = feed.wake(now: now)
      #expect(wake > now && wake <= now + 20 * Self.millisecond)
    }
    #expect(least >= 115 && most <= 170)
    #expect(rest.count > 80 && rest.count < 100)
  }

  @Test func aPausedPlayerGetsNoMore() {
    var feed = PlayerFeed(paced: .player(hasGauge: true), capacity: 512)
    feed.begin(station.tuning, now: 0)
    var rest = station.datagrams(pictures: 100)[...]
    _ = pour(&rest, into: &feed, now: 0)
    feed.gauge(clock: 2.3, now: 200 * Self.millisecond)
    _ = pour(&rest, into: &feed, now: 400 * Self.millisecond)
    #expect(pour(&rest, into: &feed, now: 90_000 * Self.millisecond) == 0)
    feed.gauge(clock: 2.5, now: 90_000 * Self.millisecond)
    #expect(pour(&rest, into: &feed, now: 90_000 * Self.millisecond) > 0)
  }

  @Test func aGaugeThatSaysNothingIsNotWaitedFor() {
    var feed = PlayerFeed(paced: .player(hasGauge: true), capacity: 512)
    feed.begin(station.tuning, now: 0)
    var rest = station.datagrams(pictures: 200)[...]
    _ = pour(&rest, into: &feed, now: 0)
    feed.gauge(clock: .nan, now: 100 * Self.millisecond)
    feed.gauge(clock: 1_790_000.0, now: 100 * Self.millisecond)
    #expect(pour(&rest, into: &feed, now: 1_400 * Self.millisecond) == 0)
    _ = pour(&rest, into: &feed, now: 3_000 * Self.millisecond)
    // Three seconds, and one more.
    #expect((98...102).contains(rest.count) && feed.waiting <= 2)
  }

  @Test func aPlayerWithoutAGaugeGetsASecondMore() {
    var feed = PlayerFeed(paced: .player(hasGauge: false), capacity: 512)
    feed.begin(station.tuning, now: 0)
    var rest = station.datagrams(pictures: 200)[...]
    #expect((25...27).contains(pour(&rest, into: &feed, now: 0)))
    #expect((24...26).contains(pour(&rest, into: &feed, now: 1_000 * Self.millisecond)))
  }

  @Test func aStreamThatStopsDoesNotHoldUpTheOther() {
    var feed = PlayerFeed(paced: .player(hasGauge: true), capacity: 512)
    feed.begin(station.tuning, now: 0)
    let mute = FeedStation(hasSound: false)
    var rest = (station.datagrams(pictures: 10) + mute.datagrams(pictures: 90, from: 10))[...]
    for step in 0..<500 {
      let now = (120 + Int64(step) * 4) * Self.millisecond
      feed.gauge(clock: 2.0 + Double(step) * 0.004, now: now)
      _ = pour(&rest, into: &feed, now: now)
    }
    // Two seconds, and what the pictures may be ahead of a sound that is late.
    #expect((25...33).contains(rest.count))
  }

  @Test func aChangeOfStationShowsSoon() {
    var feed = PlayerFeed(paced: .player(hasGauge: true), capacity: 512)
    var output = FeedOutput()
    feed.begin(station.tuning, now: 0)
    var rest = station.datagrams(pictures: 100)[...]
    var now: Int64 = 0
    for step in 0..<250 {
      now = (120 + Int64(step) * 4) * Self.millisecond
      feed.gauge(clock: 2.0 + Double(step) * 0.004, now: now)
      while let next = rest.first, feed.mayTake(now: now) {
        feed.accept(next.bytes.span, date: next.date, now: now)
        rest.removeFirst()
      }
      output.take(&feed)
    }
    let next = FeedStation(number: 2, clock: 77)
    feed.begin(next.tuning, now: now)
    var taken = 0
    for datagram in next.datagrams(pictures: 10) where feed.mayTake(now: now) {
      feed.accept(datagram.bytes.span, date: datagram.date, now: now)
      taken += 1
    }
    output.take(&feed)
    // Five pictures from the first one's presentation on, which is one later than its decoding, and one that is not whole.
    #expect(taken == 7)
    // Its first picture is due 250 ms after what is shown just now at the latest, and is there.
    let clock = Int64((2.0 + 249 * 0.004) * 90_000)
    let first = output.units(0x100).first { $0.fill == 200 }
    #expect((first?.pts ?? .max) - clock < 250 * 90)
  }
}
