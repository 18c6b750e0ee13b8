import Testing

@testable import StationServer

@Suite struct RetryTests {
  @Test func waitsLongerFromTryToTryAndSaysWhatIsNew() {
    var retry = Retry()
    var now: Int64 = 7_000_000_000
    #expect(retry.isDue(at: now))
    for (index, seconds) in [1, 2, 4, 8, 16, 30, 30].enumerated() {
      let isNews = retry.failed("no tape", at: now)
      #expect(isNews == (index == 0))
      #expect(!retry.isDue(at: now + Int64(seconds) * 1_000_000_000 - 1))
      now += Int64(seconds) * 1_000_000_000
      #expect(retry.isDue(at: now))
    }
    let isOther = retry.failed("no disk", at: now)
    #expect(isOther)
    retry.succeeded()
    #expect(retry.isDue(at: now))
    let isAgain = retry.failed("no disk", at: now)
    #expect(isAgain)
  }
}
