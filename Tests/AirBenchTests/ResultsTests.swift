import AirWatch
import FoundationEssentials
import Testing

@testable import AirBench

@Suite struct ResultsTests {
  private func trial(_ sender: Sender, _ stations: Int, processor: Double, p99: Double, lost: Int = 0) -> TrialResult {
    TrialResult(
      sender: sender, stations: stations, user: processor / 4, system: processor * 3 / 4, machine: 1,
      datagramsPerSecond: Double(stations) * 400, memory: stations * 100_000, launch: 1.5,
      heard: Heard(
        error: Spread(p50: p99 / 2, p99: p99, p999: p99 * 2, max: p99 * 3), clocks: 1000, largestBurst: 2,
        datagramsPerSecond: 400, bitrate: 4.2e6, lost: lost, stations: 5), unsent: 0)
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
    #expect(median.heard.clocks == 3000)
    #expect(median.heard.stations == 5)
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
    // No loop was run: what is not known is missed.
    #expect(verdicts.filter { $0.what.contains("bare loop") }.map(\.mark) == ["MISS", "MISS"])
  }

  @Test func whatIsMissingIsMissed() throws {
    let verdicts = Verdict.all(of: [Run(idle: 0)])
    #expect(verdicts.count == 9)
    #expect(verdicts.allSatisfy { $0.mark == "MISS" && $0.written == "-" })
    #expect(Verdict.all(of: [Run(idle: 0)], thousand: false).count == 4)
    // Also when one run of several has it not.
    let whole = Run(idle: 0, trials: [trial(.stationd, 1000, processor: 0.5, p99: 4)])
    #expect(Verdict.all(of: [whole]).first?.isMet == true)
    #expect(Verdict.all(of: [whole, Run(idle: 0)]).first?.isMet == false)
    var dead = whole
    dead.trials[0].fault = "stationd ended early"
    #expect(Verdict.all(of: [dead]).first?.isMet == false)
  }

  @Test func whatIsLeftOutOrRefusedIsLostToo() throws {
    func verdict(_ lost: Int, _ unsent: Int?) throws -> Verdict {
      var trial = trial(.stationd, 1000, processor: 0.5, p99: 4, lost: lost)
      trial.unsent = unsent
      return try #require(
        Verdict.all(of: [Run(idle: 0, trials: [trial])]).first { $0.what.contains("lost") })
    }
    #expect(try verdict(0, 0).isMet)
    #expect(try verdict(1, 3).value == 4)
    #expect(try !verdict(0, 3).isMet)
    #expect(try !verdict(0, nil).isMet)
  }

  @Test func aTransmittersAnswerIsAddedUp() throws {
    let text = """
      {"figures":{"calls":7,"trains":8,"datagrams":30,"clockOffset":1,"stations":[
        {"number":1,"sent":10,"skipped":1,"errors":2},{"number":2,"sent":20,"skipped":4,"errors":0}]}}
      """
    let answer = try JSONDecoder().decode(Stationd.Answer.self, from: Data(text.utf8))
    let counts = try #require(answer.counts(at: 5))
    #expect(counts.datagrams == 30)
    #expect(counts.unsent == 7)
    var result = trial(.stationd, 2, processor: 0.1, p99: 1)
    result.take(counts, since: SenderCounts(datagrams: 0, unsent: 3, date: 0))
    #expect(result.unsent == 4)
  }

  @Test func theSampleHearsSeveralClips() {
    for stations in [50, 200, 1000] {
      let sample = Reception.sample(of: stations)
      #expect(sample.count == 5)
      #expect(sample.first == 0 && sample.last == stations - 1)
      #expect(Set(sample.map { $0 % 8 }).count >= 3)
    }
    #expect(Reception.sample(of: 1) == [0])
    #expect(Reception.sample(of: 3) == [0, 1, 2])
  }

  @Test func silenceIsAFault() {
    var heard = trial(.stationd, 50, processor: 0.1, p99: 1).heard
    #expect(heard.fault(of: 1000) == nil)
    heard.stations = 1
    #expect(heard.fault(of: 1) == nil)
    #expect(heard.fault(of: 50) == "only 1 of 5 stations listened to were heard")
  }

  private func loop(
    _ batch: Int, _ train: Int, rate: Double? = nil, system: Double, matched: Bool = false
  ) -> LoopResult {
    LoopResult(
      batch: batch, train: train, rate: rate, datagramsPerSecond: 1, user: 0, system: system, isMatched: matched)
  }

  @Test func theLoopIsComparedInItsOwnShapeOnly() throws {
    var run = Run(idle: 0, trials: [trial(.stationd, 50, processor: 0.04, p99: 0.1)])  // 2 us a datagram
    // Of those before and after the others the mean.
    run.loops = [
      loop(9, 2, system: 0.75, matched: true), loop(9, 2, rate: 20_000, system: 1.2, matched: true),
      loop(256, 1, system: 0.1),
      loop(9, 2, system: 1.25, matched: true), loop(9, 2, rate: 20_000, system: 2, matched: true),
    ]
    let verdicts = Verdict.all(of: [run]).filter { $0.what.contains("bare loop") }
    #expect(verdicts.map(\.written) == ["1.25", "2.00"])
    #expect(verdicts.map(\.isMet) == [true, false])
  }

  @Test func medianLoopsBearTheirMediansShape() throws {
    func run(_ batch: Int, _ train: Int) -> Run {
      let matched = loop(batch, train, rate: Double(batch) * 1000, system: 1, matched: true)
      return Run(idle: 0, loops: [matched, loop(256, 1, system: 1), matched])
    }
    let machine = Machine(
      cores: 2, processor: "", kernel: "", system: "", ffmpeg: "", multicat: "", commit: "", date: "")
    let bench = Bench(machine: machine, seconds: 1, clips: [], runs: [run(9, 2), run(31, 3), run(30, 3)])
    let medians = bench.loopMedians
    #expect(medians.map(\.batch) == [30, 256])
    #expect(medians.map(\.train) == [3, 1])
    #expect(medians.map(\.rate) == [30_000, nil])
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
