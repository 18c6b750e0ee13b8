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

  @Test func aPlayerThatRunsDryIsGivenMoreForAWhile() {
    var pace = FeedPace(.player(hasGauge: true))
    pace.started(at: 0, now: 0)
    /// Tells a clock that stays `behind` milliseconds behind time; returns how far ahead of it the player is fed then.
    func lead(at now: Int64, behind: Int64) -> Int64 {
      let clock = (now - behind) * 90
      pace.note(clock: clock, now: now * Self.millisecond)
      return ((pace.limit(now: now * Self.millisecond) ?? 0) - clock) / 90
    }
    func tell(_ times: Range<Int64>, behind: Int64) -> [Int64] {
      times.map { lead(at: $0 * 30, behind: behind + $0 % 3 * 15) }
    }
    // A little late now and then is nothing, and a clock that was paused says nothing either.
    #expect(tell(100..<200, behind: 100).allSatisfy { $0 == 120 })
    #expect(lead(at: 9000, behind: 3000) == 120)
    #expect(tell(301..<310, behind: 3000).allSatisfy { $0 == 120 })
    // 0.1 s without anything to play, again and again.
    #expect(lead(at: 9300, behind: 3130) == 160)
    #expect(lead(at: 9330, behind: 3230) == 200)
    for index in 0..<10 { _ = lead(at: 9360 + Int64(index) * 30, behind: 3330 + Int64(index) * 100) }
    #expect(tell(330..<1000, behind: 4200).allSatisfy { $0 == 280 })
    // It goes well: after half a minute it gets less.
    #expect(tell(1000..<1400, behind: 4200).last == 240)
    #expect(tell(1400..<6000, behind: 4200).last == 120)
  }

  @Test func aLeapIsNoSignOfHavingRunDry() {
    for length in [Int64(40), 80, 200] {
      var pace = FeedPace(.player(hasGauge: true))
      pace.started(at: 0, now: 0)
      for step in Int64(0)..<200 { pace.note(clock: step * 2700, now: step * 30 * Self.millisecond) }
      let (now, clock) = (Int64(5970), Int64(5970 * 90))
      let end = clock + 90 * 150
      pace.spliced(at: end + length * 90, after: end)
      // It comes to the new station's sound 60 ms later, which is heard 85 ms after that.
      for step in Int64(1)..<10 {
        let played = clock + step * 2700 + (step >= 3 ? length * 90 : 0)
        pace.note(clock: played, now: (now + step * 30) * Self.millisecond)
      }
      let ahead = (pace.limit(now: (now + 600) * Self.millisecond) ?? 0) - clock - (270 + 120 + length) * 90
      #expect(ahead == FeedPace.lead)
    }
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
