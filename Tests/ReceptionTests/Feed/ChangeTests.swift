import Testing

@testable import Reception

/// Changes of station in a player that plays on.
struct ChangeTests {
  private static let millisecond: Int64 = 1_000_000

  /// A player is fed a station for two seconds and others for one each; returns it, and when each change was.
  private func play(_ stations: [FeedStation]) -> (player: SimulatedPlayer, changes: [Int64]) {
    var feed = PlayerFeed(paced: .player(hasGauge: true), capacity: 512)
    var player = SimulatedPlayer()
    var changes: [Int64] = []
    var rest: ArraySlice<FeedStation.Datagram> = []
    for step in 0..<(250 + stations.count * 250) {
      let now = Int64(step) * 4 * Self.millisecond
      if step == 0 || step >= 500 && step % 250 == 0 {
        let station = stations[max(0, step / 250 - 1)]
        feed.begin(station.tuning, now: now)
        rest = station.datagrams(pictures: 80)[...]
        if step > 0 { changes.append(now) }
      }
      // It tells every 30 ms, in hundredths of a second.
      if step % 8 == 0, let clock = player.clock(now: now) {
        feed.gauge(clock: (Double(clock) / 900).rounded() / 100, now: now)
      }
      while let next = rest.first, feed.mayTake(now: now) {
        feed.accept(next.bytes.span, date: next.date, now: now)
        rest.removeFirst()
      }
      player.take(&feed)
      player.pass(to: now)
    }
    return (player, changes)
  }

  /// Pictures that are shown at once, and such as wait for others that are decoded after them.
  @Test(arguments: [(3600, 0), (18_000, 9000), (18_000, 14_400)])
  func theNextStationShowsSoonAndSoundGoesOn(delay: UInt64, soundDelay: UInt64) {
    let stations = (0..<6).map {
      FeedStation(
        number: 1 + $0 % 2, clock: UInt64(1_000_000 + 77_777 * $0), group: 25, delay: delay, soundDelay: soundDelay)
    }
    let (player, changes) = play(stations)
    #expect(player.longestPause <= 8 * Self.millisecond)
    for (index, change) in changes.enumerated() {
      let station = 1 + (index + 1) % 2
      let first = player.shown.first { $0.date >= change && $0.station == station }
      #expect((first?.date ?? .max) - change <= 220 * Self.millisecond)
      // Of the former one nothing comes after it.
      let last = player.shown.last { $0.date < change + 900 * Self.millisecond && $0.station != station }
      #expect((last?.date ?? 0) <= first?.date ?? 0)
    }
  }

  @Test func soundBeginsWithThePictureWhereThePlayerLeaps() {
    let former = FeedStation(delay: 18_000, soundDelay: 9000)
    let next = FeedStation(number: 2, clock: 77, delay: 18_000, soundDelay: 9000)
    for hasGauge in [true, false] {
      var feed = PlayerFeed(paced: .player(hasGauge: hasGauge), capacity: 512)
      var output = FeedOutput()
      feed.begin(former.tuning, now: 0)
      for datagram in former.datagrams(pictures: 10) { feed.accept(datagram.bytes.span, date: datagram.date, now: 0) }
      feed.begin(next.tuning, now: 0)
      for datagram in next.datagrams(pictures: 20) { feed.accept(datagram.bytes.span, date: datagram.date, now: 0) }
      output.take(&feed)
      let picture = output.units(0x100).first { $0.fill >= 200 }?.pts ?? 0
      let sounds = output.units(0x101)
      let sound = sounds.first { $0.fill >= 200 }?.pts ?? 0
      // Ten pictures, the last of which was not whole; they and their sound go on without a hole.
      #expect(picture == 180_000 + 9 * 3600 + 18_000)
      #expect(hasGauge ? (picture..<picture + 3600).contains(sound) : sound < picture)
      #expect(zip(sounds, sounds.dropFirst()).allSatisfy { $0.pts < $1.pts })
    }
  }

  /// What a player leaps over at a splice says nothing of how long its sound lasts.
  @Test func theFirstSoundAfterALeapIsNoLongerThanOthers() {
    var stream = FeedStream(pid: 0x101)
    func pass(_ time: Int64, _ piece: Int64) {
      stream.unfinished = FeedStream.Unfinished(
        piece: piece, offset: 0, counter: nil, times: .init(presentation: time, decoding: time), remaining: nil,
        since: 0)
      stream.finish(before: piece + 1)
    }
    pass(0, 0)
    pass(5760, 1)
    stream.splice(keepsTimes: true)
    #expect(stream.front == nil)
    pass(40_000, 2)
    stream.release(upTo: 3)
    #expect(stream.front == 45_760)
  }

  @Test func whatWaitsForAnotherStreamsPacketsIsNotAtThePlayer() {
    var stream = FeedStream(pid: 0x101)
    for index in 0..<3 {
      let time = Int64(index) * 5760
      stream.unfinished = FeedStream.Unfinished(
        piece: Int64(index), offset: 0, counter: nil, times: .init(presentation: time, decoding: time), remaining: nil,
        since: 0)
      stream.finish(before: Int64(index) + 1)
    }
    stream.release(upTo: 1)
    #expect(stream.front == nil)
    stream.release(upTo: 2)
    #expect(stream.front == 11_520)
    stream.release(upTo: 3)
    #expect(stream.front == 17_280)
  }
}
