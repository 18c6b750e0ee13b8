import AirWatch
import Testing

@testable import AirBench

@Suite struct ResultsTests {
  private func trial(_ sender: Sender, _ stations: Int, processor: Double, p99: Double, lost: Int = 0) -> TrialResult {
    TrialResult(
      sender: sender, stations: stations, user: processor / 4, system: processor * 3 / 4, machine: 1,
      datagramsPerSecond: Double(stations) * 400, memory: stations * 100_000, launch: 1.5,
      heard: Heard(
        error: Spread(p50: p99 / 2, p99: p99, p999: p99 * 2, max: p99 * 3), clocks: 1000, largestBurst: 2,
        datagramsPerSecond: 400, bitrate: 4.2e6, lost: lost, stations: 5))
  }

  @Test func theMiddleOneOrTheMeanOfTheTwo() {
    #expect(middle(of: [3, 1, 2]) == 2)
    #expect(middle(of: [4, 1, 2, 3]) == 2.5)
    #expect(middle(of: [.nan, 7]) == 7)
    #expect(middle(of: []) == nil)
  }

  @Test func mediansAreOfEachFigureAndLossesAddUp() throws {
    let all = [(0.5, 4.0, 0), (0.7, 2, 3), (0.6, 9, 0)].map { trial(.stationd, 1000, processor: $0, p99: $1, lost: $2) }
    let median = try #require(TrialResult.median(of: all))
    #expect(abs(median.processor - 0.6) < 1e-9)
    #expect(median.heard.error?.p99 == 4)
    #expect(median.heard.lost == 3)
    #expect(TrialResult.median(of: []) == nil)
  }

  @Test func ratiosAreFormedWithinARun() throws {
    func run(_ ours: Double, _ theirs: Double) -> Run {
      Run(
        idle: 0,
        trials: [
          trial(.stationd, 50, processor: ours, p99: ours), trial(.multicat, 50, processor: theirs, p99: theirs),
          trial(.stationd, 1000, processor: 0.5, p99: 4),
        ])
    }
    // Ratios 0.1, 0.5, 2: the ratio of the medians would be 0.2 / 1.
    let verdicts = Verdict.all(of: [run(0.1, 1), run(0.2, 0.4), run(4, 2)])
    let processor = try #require(verdicts.first { $0.what == "50 stations: processor : multicat's" })
    #expect(processor.value == 0.5)
    #expect(!processor.isMet)
    let precision = try #require(verdicts.first { $0.what == "50 stations: p99 : multicat's" })
    #expect(precision.isMet)
    #expect(verdicts.filter { $0.what.hasPrefix("1,000") }.map(\.isMet) == [true, true, true, true, true])
    // No loop was run: nothing is said of it.
    #expect(!verdicts.contains { $0.what.contains("bare loop") })
  }

  @Test func theLoopIsComparedInItsOwnShapeOnly() throws {
    var run = Run(idle: 0, trials: [trial(.stationd, 50, processor: 0.04, p99: 0.1)])  // 2 us a datagram
    run.loops = [
      LoopResult(batch: 256, train: 1, rate: nil, datagramsPerSecond: 1, user: 0, system: 0.1),
      LoopResult(batch: 9, train: 2, rate: nil, datagramsPerSecond: 1, user: 0, system: 1, isMatched: true),
      LoopResult(batch: 9, train: 2, rate: 20_000, datagramsPerSecond: 1, user: 0, system: 1.6, isMatched: true),
    ]
    let verdicts = Verdict.all(of: [run])
    #expect(verdicts.map { fixed($0.value, 3) } == ["1.250", "2.000"])
    #expect(verdicts.map(\.isMet) == [true, false])
  }

  @Test func whatASenderCountsGoesBeforeWhatWasHeard() {
    var result = trial(.stationd, 50, processor: 0.1, p99: 1)
    let before = SenderCounts(datagrams: 1000, calls: 100, trains: 500, date: 0)
    result.take(SenderCounts(datagrams: 3000, calls: 200, trains: 1500, date: 2_000_000_000), since: before)
    #expect(result.datagramsPerSecond == 1000)
    #expect(result.datagramsPerCall == 20)
    #expect(result.datagramsPerTrain == 2)
    result = trial(.stationd, 50, processor: 0.1, p99: 1)
    result.take(SenderCounts(datagrams: 3000, date: 2_000_000_000), since: before)
    #expect(result.datagramsPerCall == nil)
  }

  @Test func errorsAreMeasuredFromAStationsOwnMedian() {
    #expect(Reception.errors([10, 12, 11]).sorted() == [0, 1, 1])
    #expect(Reception.errors([]).isEmpty)
  }

  @Test func aTableIsReadAsItIs() throws {
    let text = "\(MarkdownTable.trials([trial(.ffmpegConstant, 20, processor: 0.3, p99: 1.25)]))"
    let lines = text.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(Set(lines.map(\.count)).count == 1)
    #expect(lines[2].contains("ffmpeg -muxrate") && lines[2].contains("1.250"))
  }
}
