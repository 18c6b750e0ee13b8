import TSBytes
import Testing
import Wire

@testable import Reception

/// Networks that are cut both ways, receivers that stand still, and senders of something else.
struct OutageTrials {
  private static func air(latency: Int, makeUp: Int = 10, seconds: Int = 30) -> SimulatedAir {
    var tuning = TSBytes.tuning()
    tuning.station.bitrate = 3_500_000
    (tuning.latency, tuning.makeUp) = (latency, makeUp)
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    var air = SimulatedAir(tuning, seed: 40)
    (air.spacing, air.count, air.access) = (3, Int64(seconds * 1000 / 3), 300)
    return air
  }

  @Test(arguments: [2500, 8000, 12_000, 45_000])
  func aRecordingMissesNothing(outage: Int) {
    var air = Self.air(latency: 30_000, makeUp: 86_400, seconds: 70)
    air.outages = [5000..<5000 + outage]
    air.run(until: 90_000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.path == .multicast)
    #expect(air.first.map { $0 + air.taken } == air.base + air.count)
    // It is there as soon as the network is.
    #expect(air.slowest < outage + 1000)
  }

  @Test(arguments: [500, 2000, 4500, 5200, 7000, 9000])
  func aPlayerMakesUpForWhatItMissed(outage: Int) {
    var air = Self.air(latency: 200)
    air.outages = [5000..<5000 + outage]
    air.run(until: 40_000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.path == .multicast)
    #expect(air.first.map { $0 + air.taken } == air.base + air.count && air.slowest < outage + 1000)
  }

  @Test func aPlayerThatIsPacedStaysBehindAndComesByMulticast() {
    var air = Self.air(latency: 200, seconds: 40)
    air.outages = [5000..<14_000]
    air.mostTaken = 1
    air.run(until: 60_000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.path == .multicast)
    #expect(air.first.map { $0 + air.taken } == air.base + air.count)
  }

  @Test func afterALongOutageAPlayerGoesOnLive() {
    var air = Self.air(latency: 200)
    air.outages = [5000..<17_000]
    air.run(until: 40_000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 1)
    // It begins with what was sent 400 ms ago at the least, at a random access point.
    #expect(figures.lost > 3500 && figures.lost < 4000 && air.slowest < 2500)
    #expect(air.first.map { $0 + air.taken } == air.base + air.count)
  }

  @Test func aServerThatDoesNotComeBackIsNotWaitedForLong() {
    var air = Self.air(latency: 200)
    air.outages = [5000..<9000]
    // It dies while the network is out.
    (air.sources[0].cuts, air.sources[0].reconnect) = ([6000], nil)
    air.run(until: 40_000)
    let figures = air.reception.figures
    #expect(air.failure == nil && air.jumps == 1 && figures.lost > 1000 && figures.lost < 1400)
    #expect(air.first.map { $0 + air.taken } == air.base + air.count && air.slowest < 2500)
  }

  @Test(arguments: [10, 15, 30, 45])
  func whoWasStoppedGoesOnLiveAndIsRepaired(stop: Int) {
    for seed in UInt64(0)..<4 {
      var air = Self.air(latency: 200, seconds: stop + 30)
      air.random = SplitMix(state: seed)
      air.stalls = [5000..<5000 + stop * 1000]
      (air.kernelBuffer, air.mostTaken) = (2500, 2)
      air.sources[0].loss = 0.02
      air.run(until: stop * 1000 + 50_000)
      let figures = air.reception.figures
      #expect(air.failure == nil && air.jumps <= 1 && air.reception.isAnchored == true)
      #expect(air.first.map { $0 + air.taken } == air.base + air.count)
      #expect(figures.path == .multicast && figures.repaired > 100)
      // What is lost is what the stop cost, and nothing later.
      #expect(figures.lost <= UInt64(stop * 1000 / 3))
    }
  }

  @Test func aRecordingThatWasStoppedIsComplete() {
    var air = Self.air(latency: 30_000, makeUp: 86_400, seconds: 90)
    air.stalls = [5000..<50_000]
    air.kernelBuffer = 2500
    air.run(until: 120_000)
    #expect(air.failure == nil && air.jumps == 0 && air.reception.figures.lost == 0)
    #expect(air.first.map { $0 + air.taken } == air.base + air.count)
  }

  /// Datagrams that each step ahead a little are believed, but all together they are no more ahead than a second; in a silence
  /// as well, where the server tells afterwards what is the station's.
  @Test(arguments: [0, 4000], [20, 60, 1000])
  func whoCreepsAheadKeepsNobodyFromMulticast(outage: Int, length: Int) {
    var air = Self.air(latency: 200, seconds: 60)
    air.outages = [5000..<5000 + outage]
    air.creeping = 6000..<6000 + length
    air.run(until: 50_000)
    let figures = air.reception.figures
    #expect(air.failure == nil && figures.path == .multicast && air.forgedTaken <= 3)
    // A moment of the air, and what came in the silence before which all that was cut is missing.
    #expect(figures.lost < (outage == 0 ? 50 : 500) && Int64(figures.lost) == air.skipped)
    // Seconds at 333 a second, and what was cut.
    #expect(air.followed < 1000 + outage / 3, "\(air.followed)")
  }

  @Test(arguments: [true, false])
  func whatOthersSendCostsNothing(hasServer: Bool) {
    for seed in UInt64(0)..<8 {
      var air = Self.air(latency: 200)
      if !hasServer {
        var tuning = TSBytes.tuning()
        tuning.station.bitrate = 3_500_000
        air = SimulatedAir(tuning, seed: seed)
        (air.spacing, air.count) = (3, 10_000)
        air.sources[0].hasServer = false
      }
      air.random = SplitMix(state: seed)
      air.forged = 0.05
      air.run(until: 40_000)
      let figures = air.reception.figures
      #expect(air.failure == nil && air.jumps == 0 && figures.lost == 0 && figures.path == .multicast)
      #expect(figures.repaired == 0 && air.forgeries > 300 && air.followed < 1000)
      #expect(figures.foreign + figures.late + figures.duplicates + 10 > UInt64(air.forgeries) / 2)
    }
  }
}
