import TSBytes
import Testing
import Wire

@testable import Reception

struct PlayerFeedTests {
  private func feed(_ pacing: Pacing = .none, keepsClock: Bool = false) -> PlayerFeed {
    PlayerFeed(paced: pacing, keepsClock: keepsClock, capacity: 64)
  }

  private func give(_ datagrams: [FeedStation.Datagram], to feed: inout PlayerFeed, _ output: inout FeedOutput) {
    for datagram in datagrams {
      feed.accept(datagram.bytes.span, date: datagram.date, now: 0)
      output.take(&feed)
    }
  }

  @Test func beginsAtARandomAccessPointNearZero() {
    var feed = feed()
    var output = FeedOutput()
    let station = FeedStation()
    feed.begin(station.tuning, now: 0)
    // From the middle of a group: the player gets nothing before picture 10, and then its tables first.
    give(station.datagrams(pictures: 10, from: 3), to: &feed, &output)
    #expect(TSBytes.summary(output.bytes).prefix(2) == ["0:1:110", "4096:1:110"])
    let units = output.units(0x100)
    #expect(units.map(\.fill) == [110, 111])
    #expect(units.map(\.dts) == [180_000, 183_600] && units.map(\.pts) == [183_600, 187_200])
    #expect(output.clocks.map(\.base) == [135_000, 138_600] && !output.clocks.contains { $0.isDiscontinuous })
  }

  @Test func keepsTheStationsClockWhereAsked() {
    var feed = feed(keepsClock: true)
    var output = FeedOutput()
    let station = FeedStation(clock: 0x1_FFFF_FFFF - 5000)
    feed.begin(station.tuning, now: 0)
    let datagrams = station.datagrams(pictures: 5)
    give(datagrams, to: &feed, &output)
    // But for the last picture, which is not whole, and what comes after it: byte by byte what was sent.
    #expect(output.bytes == Array(datagrams.prefix(4).flatMap(\.bytes)))
  }

  @Test func aPIDThatIsNamedTwiceIsOneStream() {
    let station = FeedStation()
    for pids: [UInt16] in [[0x101, 0x101], [0x100], [0x100, 0x101, 0x100, 0x101], [0x1FFF, 0xFFFF, 0, 0x101, 0]] {
      var tuning = station.tuning
      tuning.audio = pids.map { ElementaryStream(pid: $0, codec: "aac") }
      var feed = feed()
      var output = FeedOutput()
      feed.begin(tuning, now: 0)
      give(station.datagrams(pictures: 5), to: &feed, &output)
      feed.begin(station.tuning, now: 0)
      feed.begin(tuning, now: 0, newPlayer: true)
      #expect(!output.units(0x100).isEmpty, "\(pids)")
    }
  }

  @Test func aPictureLeavesWhenItIsWhole() {
    var feed = feed()
    var output = FeedOutput()
    let station = FeedStation()
    let datagrams = station.datagrams(pictures: 3)
    feed.begin(station.tuning, now: 0)
    give([datagrams[0]], to: &feed, &output)
    #expect(output.units(0x100) == [])
    give([datagrams[1]], to: &feed, &output)
    #expect(output.units(0x100).map(\.packets) == [2])
    // Nothing waits for ever for a picture whose end does not come.
    feed.accept(TSBytes.packet(0, counter: 3, unit: true).span, date: datagrams[1].date, now: 800_000_000)
    output.take(&feed)
    #expect(output.units(0x100).map(\.packets) == [2, 2])
  }

  @Test(arguments: [45_000, 20_000, 81_000, 9000] as [UInt64])
  func theTimelineGoesOnOverAChangeOfStation(lead: UInt64) {
    // Within the second station the 33 bits of its clock wrap, or those of its times.
    let clock = 0x1_FFFF_FFFF - lead / 2
    var feed = feed()
    var output = FeedOutput()
    let first = FeedStation(clock: 0x1_FFFF_FFFF - 20_000)
    let second = FeedStation(number: 2, clock: clock, lead: lead)
    feed.begin(first.tuning, now: 0)
    give(first.datagrams(pictures: 14), to: &feed, &output)
    feed.begin(second.tuning, now: 0)
    output.take(&feed)
    give(second.datagrams(pictures: 25), to: &feed, &output)
    feed.begin(first.tuning, now: 0)
    give(first.datagrams(pictures: 12, from: 50), to: &feed, &output)
    let pictures = output.units(0x100)
    #expect(pictures.map(\.fill) == (0..<13).map { 100 + $0 } + (0..<24).map { 200 + $0 } + (50..<61).map { 100 + $0 })
    #expect(zip(pictures, pictures.dropFirst()).allSatisfy { $1.dts - $0.dts == 3600 && $1.pts - $0.pts == 3600 })
    #expect(pictures.allSatisfy { $0.packets == 2 })
    let sound = output.units(0x101)
    #expect(zip(sound, sound.dropFirst()).allSatisfy { $1.pts > $0.pts })
    #expect(TSBytes.continuityErrors(output.bytes) == [])
    // The clock keeps its distance to the pictures, and says where it jumps.
    #expect(output.clocks.map(\.isDiscontinuous) == pictures.map { [200, 150].contains($0.fill) })
    let leads = zip(output.clocks, pictures).map { $1.dts - $0.base }
    #expect(leads.prefix(13).allSatisfy { $0 == 45_000 } && leads.suffix(11).allSatisfy { $0 == 45_000 })
    #expect(leads[13..<37].allSatisfy { $0 == Int64(lead) })
  }

  @Test func thePlayersTimelineWrapsWhereItMust() {
    var feed = feed(keepsClock: true)
    var output = FeedOutput()
    let station = FeedStation(clock: 0x1_FFFF_FFFF - 45_000 - 8 * 3600)
    feed.begin(station.tuning, now: 0)
    give(station.datagrams(pictures: 10), to: &feed, &output)
    // The same again: it goes on, over 2^33.
    feed.begin(station.tuning, now: 0)
    give(station.datagrams(pictures: 10), to: &feed, &output)
    let times = output.units(0x100).map(\.dts)
    #expect(times.count == 18)
    #expect(zip(times, times.dropFirst()).allSatisfy { ($1 - $0 + 0x2_0000_0000) % 0x2_0000_0000 == 3600 })
    #expect(times.contains { $0 < 100_000 } && times.contains { $0 > 1 << 32 })
  }

  @Test func soundThatTheFormerStationHasFilledIsLeftOut() {
    var feed = feed()
    var output = FeedOutput()
    let station = FeedStation()
    feed.begin(station.tuning, now: 0)
    give(station.datagrams(pictures: 12), to: &feed, &output)
    // This one's sound is half a second ahead of its pictures on the player's timeline.
    var early = FeedStation(number: 2).datagrams(pictures: 20)
    for index in early.indices {
      let pts = 1_000_000 + 45_000 - 45_000 + UInt64(index) * 3600
      let sound = FeedStation.sound(counter: index, pts: pts, fill: UInt8(200 + index))
      early[index].bytes = early[index].bytes.dropLast(188) + sound
    }
    feed.begin(FeedStation(number: 2).tuning, now: 0)
    give(early, to: &feed, &output)
    let sound = output.units(0x101)
    #expect(zip(sound, sound.dropFirst()).allSatisfy { $1.pts > $0.pts })
    #expect(sound.map(\.fill).contains(215) && !sound.map(\.fill).contains(205))
    #expect(TSBytes.continuityErrors(output.bytes) == [])
  }

  @Test func aHoleIsNoneForAPlayerAndStaysInAFile() {
    for (pacing, gap) in [(Pacing.player(hasGauge: true), Int64(3600)), (.none, 3600 * 50)] {
      var feed = feed(pacing)
      var output = FeedOutput()
      let station = FeedStation()
      feed.begin(station.tuning, now: 0)
      give(station.datagrams(pictures: 10) + station.datagrams(pictures: 10, from: 59), to: &feed, &output)
      let times = output.units(0x100).map(\.dts)
      #expect(times[10] - times[9] == gap)
      #expect(output.clocks[10].isDiscontinuous == (pacing != .none))
    }
  }

  @Test func endsBeforeARandomAccessPoint() {
    var feed = feed()
    var output = FeedOutput()
    let station = FeedStation()
    feed.begin(station.tuning, now: 0)
    feed.end(at: station.start + 12 * 3600)
    give(station.datagrams(pictures: 30), to: &feed, &output)
    let isClosed = feed.isClosed
    #expect(isClosed)
    #expect(output.units(0x100).map(\.fill) == (0..<20).map { 100 + $0 })
    #expect(output.units(0x100).allSatisfy { $0.packets == 2 } && output.units(0x101).count == 20)
  }

  @Test func aNewPlayerBeginsAnew() {
    var feed = feed()
    var output = FeedOutput()
    feed.begin(FeedStation().tuning, now: 0)
    give(FeedStation().datagrams(pictures: 14), to: &feed, &output)
    feed.begin(FeedStation(number: 2).tuning, now: 0, newPlayer: true)
    output = FeedOutput()
    give(FeedStation(number: 2).datagrams(pictures: 3), to: &feed, &output)
    #expect(output.units(0x100).map(\.dts) == [180_000, 183_600])
    #expect(TSBytes.summary(output.bytes).first == "0:0:200")
  }
}
