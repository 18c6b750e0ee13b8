import TSBytes
import Testing
import Wire

@testable import Reception

/// Servers that stand still without closing anything: their kernels go on to answer, so no connection ends.
struct HangTrials {
  /// Two servers of a station that nothing of comes by multicast.
  private static func air(start: Tuning.Start = .live, seconds: Int = 15) -> SimulatedAir {
    var tuning = TSBytes.tuning()
    tuning.station.bitrate = 3_500_000
    (tuning.latency, tuning.start) = (200, start)
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    tuning.sources.append(tuning.sources[0])
    var air = SimulatedAir(tuning, seed: 50)
    (air.spacing, air.count, air.access) = (3, Int64(seconds * 1000 / 3), 300)
    air.sources = [SimulatedAir.Source(), SimulatedAir.Source()]
    // The first is the one that answers first.
    air.sources[1].delay = 3
    for index in 0..<2 { air.sources[index].multicast = 0..<0 }
    return air
  }

  @Test(arguments: [6000, 100_000])
  func anotherOneCarries(until end: Int) {
    var air = Self.air()
    air.sources[0].hangs = 3000..<end
    air.run(until: 30_000)
    let figures = air.reception.figures
    #expect(air.isExact == true && figures.path == .stream && air.slowest < 600)
    // Nothing is sent twice but what was under way, and what the first has still to say when it goes on.
    #expect(air.twice < 400 && air.lines < 20)
  }

  /// It carries again when the other hangs.
  @Test func eachCarriesInItsTurn() {
    var air = Self.air()
    air.sources[0].hangs = 3000..<6000
    air.sources[1].hangs = 8000..<11_000
    air.run(until: 30_000)
    #expect(air.isExact == true && air.slowest < 600 && air.lines < 20)
  }

  @Test func thePastIsCarriedOnToo() {
    var air = Self.air(start: .at(1_795_359_872 - 30))
    air.appetite = 3
    air.sources[0].hangs = 400..<100_000
    air.run(until: 30_000)
    #expect(air.isExact == true && air.time < 15_600)
  }

  /// Who has no room waits for nobody.
  @Test func aPlayerThatTakesItsTimeIsNoHang() {
    var air = Self.air(start: .at(1_795_359_872 - 60), seconds: 40)
    // A little more than what is on the air, and nothing at all for a while.
    (air.mostTaken, air.pauses) = (1, [4000..<7000])
    air.run(until: 30_000)
    #expect(air.failure == nil && air.jumps == 0 && air.taken > 15_000)
    // The other one has not been asked again since both began.
    let other = air.reception.sources[1]
    #expect(other.heard - other.opened < 100_000_000 && air.reception.carrier == 0)
  }

  /// There may be nothing that anybody could bring.
  @Test func whereBothHangTheyAreNotAskedOverAndOver() {
    var air = Self.air(seconds: 60)
    for index in 0..<2 { air.sources[index].hangs = 3000..<50_000 }
    air.run(until: 90_000)
    #expect(air.failure == nil && air.jumps == 0 && air.lines < 40)
    #expect(air.first.map { $0 + air.taken } == air.base + air.count)
  }
}
