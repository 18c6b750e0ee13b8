import TSBytes
import Testing
import Wire

@testable import Reception

/// A station of 4 Mb/s for half a minute over a network that loses datagrams, with the latency that a tuner has by itself.
struct LossTrials {
  /// Datagrams of half a minute at one in 3 ms: 3.5 Mb/s.
  private static let count: Int64 = 10_000

  private static func tuning(_ bitrate: Int, _ encapsulation: Encapsulation = .rtp) -> Tuning {
    var tuning = TSBytes.tuning(encapsulation: encapsulation)
    tuning.station.bitrate = bitrate
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    return tuning
  }

  private static func air(
    _ seed: UInt64, encapsulation: Encapsulation = .rtp, _ change: (inout SimulatedAir.Source) -> Void
  ) -> SimulatedAir {
    var air = SimulatedAir(tuning(4_000_000, encapsulation), seed: seed)
    (air.spacing, air.count, air.access) = (3, count, 300)
    air.isBare = encapsulation == .udp
    change(&air.sources[0])
    air.run(until: 31_000)
    return air
  }

  @Test(arguments: [0.01, 0.05, 0.1])
  func whatIsLostComesAgainInTime(loss: Double) {
    let air = Self.air(1) { $0.loss = loss }
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && air.first.map { $0 + air.taken } == air.base + air.count)
    #expect(figures.lost == 0 && figures.path == .multicast)
    // Each that was lost has been asked for once, and nothing else.
    let lost = Double(Self.count) * loss
    #expect(Double(figures.repaired) > lost * 0.8 && Double(figures.repaired) < lost * 1.2)
    #expect(Double(air.repairs) <= Double(figures.repaired) * 1.02)
    #expect(air.slowest <= 60)
  }

  @Test func burstsOfFiftyAreMended() {
    let air = Self.air(2) { $0.burst = (every: 1000, length: 50) }
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.path == .multicast)
    // 150 ms: after 100 multicast is taken for silent, and the stream followed until it has come for a while.
    #expect(air.lines <= 20 && air.slowest <= 120)
    // What was followed was mended as well as what was asked for. The first burst was before multicast had begun.
    #expect(air.lost == 450 && figures.repaired == 450)
  }

  @Test func burstsOfTwentyAreAskedForAtOnce() {
    let air = Self.air(2) { $0.burst = (every: 500, length: 20) }
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.path == .multicast)
    // A burst is known when it is over, 60 ms after it began; one line asks for all of it.
    #expect(figures.repaired == 380 && air.repairs == 380 && air.lines <= 21 && air.slowest <= 80)
  }

  @Test func disorderIsWaitedForNotRepaired() {
    let air = Self.air(3) { $0.lateness = .uniform(12) }
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0)
    #expect(figures.reordered > 1000 && figures.duplicates == 0)
    #expect(air.repairs < 100)
  }

  @Test func aCleanNetworkNeedsNoRepairs() {
    let air = Self.air(4) { _ in }
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.repaired == 0 && air.repairs == 0)
    #expect(air.slowest <= 20)
    // Pause, and again when nothing comes any more.
    #expect(air.lines <= 3)
  }

  @Test func lossWithoutAServerIsGivenUpAfterTheLatency() {
    let air = Self.air(5) {
      $0.loss = 0.01
      $0.hasServer = false
    }
    let figures = air.reception.figures
    #expect(air.failure == nil && figures.lost > 60 && figures.received + figures.lost <= UInt64(Self.count))
    #expect(air.slowest >= 195 && air.slowest <= 220)
  }

  @Test func whereMulticastDoesNotReachAllComesOverTheStream() {
    let air = Self.air(6) { $0.multicast = 40_000..<50_000 }
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && air.first.map { $0 + air.taken } == air.base + air.count)
    #expect(figures.path == .stream && air.slowest <= 20)
  }

  @Test func multicastThatStopsIsReplacedAndTakenUpAgain() {
    let stopped = Self.air(7) { $0.multicast = 0..<10_000 }
    #expect(stopped.failure == nil && stopped.jumps == 0 && stopped.reception.figures.path == .stream)
    // Latency is 200 ms: it is missed after half of that.
    #expect(stopped.slowest <= 120 && stopped.reception.figures.lost == 0)
    let late = Self.air(8) { $0.multicast = 10_000..<40_000 }
    #expect(late.failure == nil && late.jumps == 0 && late.reception.figures.path == .multicast)
  }

  @Test func aLineThatLosesMostComesOverTheStream() {
    let air = Self.air(9) { $0.loss = 0.8 }
    #expect(air.failure == nil && air.jumps == 0 && air.reception.figures.lost == 0)
    #expect(air.reception.figures.path == .stream)
  }

  // MARK: the player

  /// Repairs that take 300 to 400 ms, and twice that where the first answer is not one: a player that began as far behind
  /// as `--latency 1000` says never runs dry, and one that began with the least does.
  @Test func aPlayerIsAsFarBehindAsRepairsMayTake() {
    var dry: [Int] = []
    for latency in [200, 1000] {
      var tuning = Self.tuning(4_000_000)
      tuning.latency = 1000
      tuning.keepBehind(latency)
      var driest = 0
      for seed in UInt64(50)..<54 {
        var air = SimulatedAir(tuning, seed: seed)
        (air.spacing, air.count, air.access) = (3, Self.count, 12)
        air.sources[0].loss = 0.02
        (air.sources[0].delay, air.sources[0].ignored) = (150, 0.02)
        air.sources[0].segmentLateness = .uniform(100)
        air.sources[0].lateness = .uniform(5)
        air.player = SimulatedAir.Player()
        air.run(until: 33_000)
        let figures = air.reception.figures
        #expect(air.failure == nil && figures.repaired > 150)
        if latency == 1000 { #expect(air.jumps == 0 && figures.lost == 0) }
        driest = max(driest, air.player?.dry ?? 0)
      }
      dry.append(driest)
    }
    #expect(dry[0] > 20 && dry[1] == 0, "milliseconds without anything to play: \(dry)")
  }

  /// On a clean network with the latency that a tuner has by itself, everything is as it was.
  @Test func aPlayerBeginsNoFurtherBehindThanItMust() {
    var tuning = Self.tuning(4_000_000)
    tuning.keepBehind(0)
    #expect(tuning.back == 0.4)
    tuning.keepBehind(200)
    #expect(tuning.back == 0.4)
    tuning.keepBehind(1000)
    #expect(tuning.back == 1.2)
    // What is behind must be in the window, with what comes before it: of a station of 4 Mb/s ten seconds are, of one of
    // 50 Mb/s only a little more than two.
    tuning.keepBehind(10_000)
    var reception = StationReception(tuning, now: 0)
    #expect(reception.opening(for: 0).back == 10.2)
    tuning.station.bitrate = 50_000_000
    reception = StationReception(tuning, now: 0)
    #expect(reception.opening(for: 0).back.map { $0 > 2 && $0 < 2.5 } == true)
  }

  // MARK: what machines and networks do besides

  /// Where the receiver's machine stands still, nothing is given up for that.
  @Test(arguments: [0, 0.02])
  func timeInWhichTheReceiverDidNotRunIsNotTimeWaited(segmentLoss: Double) {
    var tuning = Self.tuning(4_000_000)
    tuning.latency = 100
    for seed in UInt64(20)..<24 {
      var air = SimulatedAir(tuning, seed: seed)
      (air.spacing, air.count, air.access) = (3, 4000, 300)
      air.sources[0].loss = 0.05
      air.sources[0].delay = 5
      air.sources[0].segmentLoss = segmentLoss
      air.stalls = (1...10).map { $0 * 1000..<$0 * 1000 + 150 * (1 + $0 % 4) }
      air.run(until: 13_000)
      let figures = air.reception.figures
      #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0)
    }
  }

  /// 50 Mb/s: 5 datagrams every millisecond.
  @Test(arguments: [0.02, 0.1])
  func fiftyMegabitsAreRepairedAsWell(loss: Double) {
    var air = SimulatedAir(Self.tuning(50_000_000), seed: 30)
    (air.spacing, air.atOnce, air.count, air.access) = (1, 5, 25_000, 2500)
    air.sources[0].loss = loss
    air.run(until: 6000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.path == .multicast)
    #expect(Double(air.repairs) < 25_000 * loss * 1.1 && air.excess == 0)
    // The stream is followed at the beginning and at the end only.
    #expect(air.followed < 4000)
  }

  /// Whose rate nobody has told, or is another than was told.
  @Test func aRateThatIsNotKnownIsNoReasonToFollow() {
    var air = SimulatedAir(Self.tuning(0), seed: 31)
    (air.spacing, air.atOnce, air.count, air.access) = (1, 5, 25_000, 2500)
    air.sources[0].loss = 0.1
    air.run(until: 6000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.path == .multicast)
    #expect(air.followed < 4000)
  }

  /// Where the connection loses as much as multicast does. TCP alone waits for 200 ms, as long as the tuner may.
  @Test(arguments: [(1, 0.05), (1, 0.1), (5, 0.05), (5, 0.1), (15, 0.05)])
  func lostSegmentsAreAskedAfter(delay: Int, loss: Double) {
    for seed in UInt64(40)..<44 {
      let air = Self.air(seed) { ($0.loss, $0.segmentLoss, $0.delay) = (loss, loss, delay) }
      let figures = air.reception.figures
      #expect(air.failure == nil && figures.path == .multicast && air.excess == 0)
      // Where a round trip takes 30 ms, there is time for four.
      #expect(figures.lost <= (delay > 10 ? 6 : 0) && air.slowest <= 200 + delay + 5)
      #expect(air.useless * 5 <= 2 * Int(figures.repaired))
    }
  }

  /// A recording waits for a server that is away, as long as it may.
  @Test(arguments: [Encapsulation.rtp, .udp])
  func whatWasMissedWhileTheServerWasAwayIsMadeUpFor(encapsulation: Encapsulation) {
    var tuning = Self.tuning(4_000_000, encapsulation)
    tuning.latency = 30_000
    var air = SimulatedAir(tuning, seed: 33)
    (air.spacing, air.count, air.access) = (3, 10_000, 300)
    air.isBare = encapsulation == .udp
    air.sources[0].multicast = 0..<6000
    (air.sources[0].cuts, air.sources[0].reconnect) = ([5000], 9000)
    air.sources[0].loss = 0.001
    air.run(until: 40_000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0)
    #expect(air.first.map { $0 + air.taken } == air.base + air.count)
  }
}
