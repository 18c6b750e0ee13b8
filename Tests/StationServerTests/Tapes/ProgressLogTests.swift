import Testing

@testable import StationServer

@Suite struct ProgressLogTests {
  @Test func saysHowARecorderGetsOnNowAndThen() async throws {
    let log = ProgressLog(interval: 10, began: 100)
    let progress = RecorderLine.Progress(percent: 43.9, speed: 12.57, secondsLeft: 7.2)
    #expect(await log.line(progress, at: 109) == nil)
    #expect(await log.line(progress, at: 110) == "43 %, 12.5 times as fast as it plays, 8 s left")
    #expect(await log.line(progress, at: 119) == nil)
    #expect(await log.line(.init(percent: 50), at: 120) == "50 %")
  }

  /// A recorder gone mad costs its own tape only.
  @Test(arguments: [1e300, -1e300]) func survivesAnyNumber(number: Double) async throws {
    let line = "{\"progress\": {\"percent\": \(number), \"speed\": \(number), \"secondsLeft\": \(number)}}"
    let progress = try #require(RecorderLine(line)?.progress)
    #expect(await ProgressLog(interval: 0, began: 0).line(progress, at: 1) != nil)
  }
}
