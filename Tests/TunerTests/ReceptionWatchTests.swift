import Reception
import Testing

@testable import Tuner

struct ReceptionWatchTests {
  @Test func theWatchSpeaksOnce() {
    var watch = ReceptionWatch(now: 0)
    var figures = ReceptionFigures()
    let second: Int64 = 1_000_000_000
    #expect(watch.update(figures, now: 2 * second) == nil)
    #expect(watch.update(figures, now: 4 * second) == .silent)
    #expect(watch.update(figures, now: 5 * second) == nil)
    #expect(watch.state(figures) == .silent)
    figures.lastArrival = 6 * second
    figures.bytes = 125_000
    #expect(watch.update(figures, now: 6 * second) == .back)
    #expect(watch.bitrate == 1_000_000)
    #expect(watch.state(figures) == .waiting)
    figures.isPlaying = true
    #expect(watch.update(figures, now: 7 * second) == nil)
    #expect(watch.state(figures) == .playing && watch.bitrate == 0)
    #expect(watch.update(figures, now: 9 * second + 1) == .silent)
  }

  /// Of what is past a paused player's tuner fetches nothing: nothing is wrong then, and a moment after it either.
  @Test func aPauseIsNoSilence() {
    var watch = ReceptionWatch(now: 0)
    var figures = ReceptionFigures()
    let second: Int64 = 1_000_000_000
    figures.isPlaying = true
    figures.lastArrival = 10 * second
    figures.idleSince = 10 * second
    #expect(watch.update(figures, now: 10 * second) == nil)
    #expect(watch.update(figures, now: 12 * second) == nil)
    #expect(watch.update(figures, now: 14 * second) == .paused)
    #expect(watch.state(figures) == .paused)
    #expect(watch.update(figures, now: 100 * second) == nil)
    // It goes on: the window has room again, and what comes next is on its way.
    figures.idleSince = 101 * second
    #expect(watch.update(figures, now: 101 * second) == nil)
    #expect(watch.state(figures) == .playing)
    // The server is away then.
    figures.idleSince = nil
    #expect(watch.update(figures, now: 105 * second) == .silent)
    #expect(watch.state(figures) == .silent)
  }

  /// What did not come, or was not taken, while the tuner itself stood still, nobody is told of.
  @Test func aTunerThatWasStoppedIsNoSilenceAndNoPause() {
    var watch = ReceptionWatch(now: 0)
    var figures = ReceptionFigures()
    let second: Int64 = 1_000_000_000
    (figures.isPlaying, figures.lastArrival, figures.idleSince) = (true, second, second)
    #expect(watch.update(figures, now: second) == nil)
    #expect(watch.update(figures, now: 60 * second) == nil)
    #expect(watch.state(figures) == .playing)
    figures.idleSince = nil
    #expect(watch.update(figures, now: 62 * second) == nil)
    #expect(watch.update(figures, now: 64 * second) == .silent)
  }

  @Test func theWayIsTold() {
    var watch = ReceptionWatch(now: 0)
    var figures = ReceptionFigures()
    let second: Int64 = 1_000_000_000
    figures.lastArrival = second
    figures.path = .multicast
    #expect(watch.update(figures, now: second) == nil)
    figures.path = .stream
    #expect(watch.update(figures, now: second) == .stream)
    #expect(watch.update(figures, now: 2 * second) == nil)
    figures.path = .multicast
    #expect(watch.update(figures, now: 3 * second) == .multicast)
    #expect(watch.update(figures, now: 3 * second) == nil)
    figures.outOfStep = 0b110
    #expect(watch.update(figures, now: 3 * second) == .outOfStep(1))
    #expect(watch.update(figures, now: 3 * second) == .outOfStep(2))
    #expect(watch.update(figures, now: 3 * second) == nil)
  }
}
