import TSBytes
import Testing

@testable import Reception

/// When there is enough of a station for a player to change to it.
struct FeedPreludeTests {
  private func datagramsWanted(_ station: FeedStation, from first: Int = 0) -> Int? {
    var prelude = FeedPrelude(station.tuning)
    for (index, datagram) in station.datagrams(pictures: 40, from: first).enumerated() {
      prelude.look(at: datagram.bytes.span)
      if prelude.isComplete { return index + 1 }
    }
    return nil
  }

  @Test func picturesAreCountedFromARandomAccessPointOn() {
    let station = FeedStation(soundDelay: 10_800)
    #expect(datagramsWanted(station) == 6)
    // The next one is the tenth picture.
    #expect(datagramsWanted(station, from: 7) == 9)
  }

  @Test func soundMustGoOnFromTheFirstPicture() {
    // Sound of the time of the first picture comes one datagram after it, of 100 ms later in the fourth after that.
    #expect(datagramsWanted(FeedStation()) == 6)
    #expect(datagramsWanted(FeedStation(delay: 18_000)) == 9)
    #expect(datagramsWanted(FeedStation(hasSound: false)) == nil)
  }

  @Test func clocksMayWrap() { #expect(datagramsWanted(FeedStation(clock: 0x1_FFFF_FFFF - 46_000)) == 6) }

  @Test func aStationWithoutSoundWantsNone() {
    var tuning = FeedStation().tuning
    tuning.audio = []
    var prelude = FeedPrelude(tuning)
    for datagram in FeedStation(hasSound: false).datagrams(pictures: 6) { prelude.look(at: datagram.bytes.span) }
    #expect(prelude.isComplete)
  }
}
