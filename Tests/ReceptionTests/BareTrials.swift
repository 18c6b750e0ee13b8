import TSBytes
import Testing
import Wire

@testable import Reception

/// A station without RTP, over a network that loses datagrams: whatever is lost, what comes out is what was sent, and the
/// figures say what was lost. A quarter of its datagrams no continuity counter counts, or they are all the same.
struct BareTrials {
  private static let count: Int64 = 10_000

  private static func air(
    _ seed: UInt64, quiet: Int64 = 4, isBlank: Bool = false, sources: Int = 1, bitrate: Int = 4_000_000,
    _ change: (inout SimulatedAir) -> Void = { _ in }
  ) -> SimulatedAir {
    var tuning = TSBytes.tuning(encapsulation: .udp)
    tuning.station.bitrate = bitrate
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    for _ in 1..<sources { tuning.sources.append(tuning.sources[0]) }
    var air = SimulatedAir(tuning, seed: seed)
    (air.spacing, air.count, air.access) = (3, count, 300)
    (air.isBare, air.quiet, air.isBlank) = (true, quiet, isBlank)
    air.sources = [SimulatedAir.Source](repeating: SimulatedAir.Source(), count: sources)
    change(&air)
    air.run(until: 31_000)
    return air
  }

  @Test(arguments: [0.0, 0.01, 0.05, 0.1], [false, true])
  func whateverIsLostComesAgain(loss: Double, isBlank: Bool) {
    for seed in UInt64(1)..<4 {
      let air = Self.air(seed, isBlank: isBlank) { $0.sources[0].loss = loss }
      let figures = air.reception.figures
      #expect(air.isExact == true, "seed \(seed): \(air.failure ?? "\(air.jumps)")")
      #expect(figures.path == .multicast && figures.foreign == 0)
      #expect(air.slowest <= 60)
      // All but those behind the last that came. Which of those that are the same was lost, nobody can say for sure.
      let most = Double(air.lost) * (isBlank ? 1.05 : 1)
      #expect(Double(figures.repaired) <= most && Int(figures.repaired) >= air.lost - 2)
      #expect(Double(air.repairs) <= most * 1.02)
    }
  }

  /// Sixteen, and multiples of that, are what continuity counters go round in.
  @Test(arguments: [1, 4, 16, 48, 50, 64, 160], [0, 4])
  func burstsThatNoCounterTellsAreMended(length: Int, quiet: Int64) {
    let air = Self.air(5, quiet: quiet) { $0.sources[0].burst = (every: 1024, length: length) }
    let figures = air.reception.figures
    #expect(air.isExact == true, "\(air.failure ?? "\(air.jumps)")")
    #expect(figures.path == .multicast && Int(figures.repaired) == air.lost && air.lost == 9 * length)
    #expect(air.slowest <= 60 + 3 * length)
  }

  /// A live source's are told when they are there.
  @Test(arguments: [60, 0])
  func marksThatComeLateAreWaitedFor(ahead: Int) {
    let air = Self.air(6) {
      ($0.sources[0].loss, $0.sources[0].marksAhead, $0.sources[0].delay) = (0.05, ahead, 5)
    }
    let figures = air.reception.figures
    #expect(air.isExact == true && figures.path == .multicast && Int(figures.repaired) >= air.lost - 10)
    #expect(air.slowest <= 90)
  }

  @Test func segmentsThatAreLostDoNoHarm() {
    let air = Self.air(7) {
      ($0.sources[0].segmentLoss, $0.sources[0].segmentPause, $0.sources[0].delay) = (0.05, 200, 3)
    }
    let figures = air.reception.figures
    // Nobody noticed: marks come half a second before they are needed.
    #expect(air.isExact == true && figures.path == .multicast && figures.repaired == 0 && air.repairs == 0)
  }

  @Test func whatComesTwiceOrOutOfOrderIsPutInOrder() {
    let air = Self.air(8) {
      ($0.sources[0].twice, $0.sources[0].lateness, $0.sources[0].loss) = (0.05, .uniform(12), 0.01)
    }
    let figures = air.reception.figures
    #expect(air.isExact == true && figures.path == .multicast && figures.foreign == 0)
    #expect(figures.reordered > 1000 && figures.duplicates > 300 && figures.duplicates < 700)
  }

  @Test func aServerThatTellsNoMarksSendsAllOfIt() {
    let air = Self.air(9) {
      $0.sources[0].marksAhead = nil
      $0.sources[0].loss = 0.05
    }
    #expect(air.isExact == true && air.reception.figures.path == .stream)
  }

  @Test func whatMulticastBringsBesidesIsForeign() {
    var air = Self.air(10) { $0.count = 300 }
    let strange = TSBytes.packet(0x100, counter: 3, fill: 0x77)
    let before = air.reception.figures
    air.disturb(with: strange)
    #expect(air.reception.figures.received == before.received)
  }

  /// While its server is away the station is counted; what really came, the next marks tell.
  @Test(arguments: [0, 0.02], [0, 4])
  func whileTheServerIsAwayWhatIsLostIsToldAfterwards(loss: Double, quiet: Int64) {
    for seed in UInt64(11)..<15 {
      let air = Self.air(seed, quiet: quiet) {
        ($0.sources[0].cuts, $0.sources[0].reconnect) = ([9000], 4000)
        $0.sources[0].loss = loss
      }
      let figures = air.reception.figures
      #expect(air.failure == nil && air.first.map { $0 + air.taken } == air.base + air.count, "\(air.failure ?? "")")
      #expect(Int64(figures.lost) == air.skipped && (loss > 0) == (air.skipped > 0))
      // 3.4 s at one in 3 ms, of which one in fifty is lost.
      #expect(air.skipped < 60 && figures.path == .multicast && air.reception.bare.isCounting == false)
    }
  }

  /// A network that is cut both ways.
  @Test(arguments: [500, 2000, 4500, 5200, 9000])
  func whatWasMissedWhileTheNetworkWasOutIsMadeUpFor(outage: Int) {
    let air = Self.air(18) { $0.outages = [5000..<5000 + outage] }
    #expect(air.isExact == true, "\(air.failure ?? "\(air.jumps) jumps, \(air.skipped)")")
    #expect(air.reception.figures.path == .multicast && air.slowest < outage + 1000)
  }

  /// More come in a quarter of a second than a few.
  @Test func aFastStationIsCountedToo() {
    let air = Self.air(19, bitrate: 42_000_000) {
      ($0.spacing, $0.atOnce, $0.count) = (1, 4, 40_000)
      ($0.sources[0].cuts, $0.sources[0].reconnect) = ([4000], 4000)
    }
    #expect(air.failure == nil && air.jumps == 0 && air.first.map { $0 + air.taken } == air.base + air.count)
    #expect(air.slowest < 500 && air.reception.figures.path == .multicast)
  }

  @Test func whoBeginsWithoutAServerGoesOnWithItsNumbers() {
    let air = Self.air(15) {
      $0.sources[0].loss = 0.02
      // No connection holds until 1.6 s are over.
      $0.sources[0].cuts = Array(stride(from: 1, to: 1600, by: 2))
      ($0.sources[0].reconnect, $0.sources[0].delay) = (1, 2)
    }
    let figures = air.reception.figures
    #expect(air.failure == nil && air.reception.isAnchored == true && figures.path == .multicast)
    #expect(figures.repaired > 150 && air.first.map { $0 + air.taken } == air.base + air.count)
  }

  @Test func twinsMendEachOther() {
    let air = Self.air(16, sources: 2) {
      $0.sources[0].loss = 0.05
      ($0.sources[1].loss, $0.sources[1].delay) = (0.05, 4)
      // The first one dies.
      $0.sources[0].multicast = 0..<12_000
      ($0.sources[0].cuts, $0.sources[0].reconnect) = ([12_000], nil)
    }
    let figures = air.reception.figures
    #expect(air.isExact == true, "\(air.failure ?? "\(air.jumps)")")
    #expect(figures.path == .multicast && figures.foreign == 0 && figures.outOfStep == 0)
  }

  @Test func aTwinThatPlaysSomethingElseIsLeftOut() {
    let air = Self.air(17, sources: 2) {
      $0.sources[0].loss = 0.05
      ($0.sources[1].outOfStep, $0.sources[1].delay) = (90, 3)
    }
    let figures = air.reception.figures
    #expect(air.isExact == true && figures.foreign > 400 && figures.outOfStep == 0b10)
  }
}
