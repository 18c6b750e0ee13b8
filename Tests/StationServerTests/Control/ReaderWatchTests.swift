import Testing

@testable import StationServer

@Suite struct ReaderWatchTests {
  /// The second in which a client is too slow that takes so many bytes each second, and 100,000 wait all the time.
  private func end(taking bytes: (Int) -> Int) -> Int? {
    var (watch, written) = (ReaderWatch(), 100_000)
    watch.look(pending: 100_000, written: written, at: 0)
    for second in 1...200 {
      written += bytes(second)  // as much comes anew
      watch.look(pending: 100_000, written: written, at: Double(second))
      if watch.isTooSlow(at: Double(second)) { return second }
    }
    return nil
  }

  @Test func givesUpAClientThatTakesNothing() {
    #expect(end { _ in 0 } == 11)
    #expect(end { $0 == 9 ? 1 : 0 } == 20)
  }

  @Test func bearsAClientThatTakesALittleForAWhile() {
    #expect(end { $0 % 10 == 0 ? 1 : 0 } == 61)
    #expect(end { _ in 5000 } == 61)
  }

  @Test func beginsAnewWhenLittleWaits() {
    var watch = ReaderWatch()
    for second in 0..<200 {
      if second % 40 == 39 { watch.relieve() }
      watch.look(pending: 1000, written: 1000 + second, at: Double(second))
      #expect(watch.isWaiting)
      #expect(!watch.isTooSlow(at: Double(second)))
    }
    watch.look(pending: 0, written: 2000, at: 200)
    #expect(!watch.isWaiting)
  }
}
