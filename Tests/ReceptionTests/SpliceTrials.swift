import TSBytes
import Testing

@testable import Reception

/// Ten thousand tune-ins under everything that a network does: what comes out is exactly what the station sent, from the
/// datagram on that the reply named.
struct SpliceTrials {
  @Test(arguments: 0..<8)
  func whateverComesWhenTheSpliceIsExact(part: Int) {
    for trial in 0..<1250 {
      let seed = UInt64(part * 1250 + trial)
      var random = SplitMix(state: seed &* 7919)
      var air = Self.air(seed, &random)
      air.run(until: 6000)
      let figures = air.reception.figures
      guard air.failure == nil, air.jumps == 0, let first = air.first, first + air.taken == air.base + air.count,
        figures.lost == 0, figures.foreign == 0 || air.forgeries > 0, figures.received == UInt64(air.taken)
      else {
        Issue.record(
          "seed \(seed): \(air.failure ?? "\(air.jumps) jumps"), \(air.first ?? -1) + \(air.taken), lost \(figures.lost)"
        )
        return
      }
      // In time as well, and not over and over: what has not been asked for, about once at the most, and some of it again
      // after every cut.
      let cuts = air.sources.map(\.cuts.count).reduce(0, +)
      guard air.neglected <= Self.patience(air), air.useless <= 8 + 5 * cuts, air.twice <= 80 + 15 * cuts else {
        Issue.record(
          "seed \(seed): waited \(air.neglected) ms for nothing; \(air.useless), \(air.twice) datagrams came twice")
        return
      }
    }
  }

  /// Milliseconds in a row in which a datagram may be missing without anybody doing anything for it.
  private static func patience(_ air: borrowing SimulatedAir) -> Int {
    // That multicast has ended is known after 250 ms; and so long a twin is waited for that was the only one to be trusted.
    if air.sources.contains(where: { $0.multicast.upperBound < .max }) { return 255 }
    // The more often a server passes a question over, the later it gets the next one.
    return air.sources.contains { $0.ignored > 0 } ? 150 : 30
  }

  /// One tune-in: a station of 40 to 80 datagrams, at numbers and dates that wrap now and then.
  private static func air(_ seed: UInt64, _ random: inout SplitMix) -> SimulatedAir {
    func some(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    func chance(_ percent: Int) -> Bool { some(1...100) <= percent }
    let isTwin = chance(25)
    var tuning = TSBytes.tuning()
    tuning.latency = 2000
    tuning.back = Double(some(0...40)) / 1000
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    if isTwin { tuning.sources.append(tuning.sources[0]) }
    var air = SimulatedAir(tuning, seed: seed)
    air.count = Int64(some(40...80))
    air.access = Int64(some(4...30))
    // Sequence numbers and timestamps wrap within a third of the trials.
    air.base = Int64(some(1...40000)) * 65536 - (chance(33) ? Int64(some(0...80)) : Int64(some(0...60000)))
    if chance(33) { air.epoch = Double((1 << 32) * some(37_000...38_000)) / 90_000 - Double(some(0...150)) / 1000 }
    air.sources = (0..<(isTwin ? 2 : 1)).map { index in
      var source = SimulatedAir.Source()
      source.multicast = some(0...80)..<(chance(20) ? some(90...140) : .max)
      source.loss = chance(60) ? Double(some(0...30)) / 100 : 0
      source.twice = chance(30) ? 0.1 : 0
      source.lateness = chance(50) ? .uniform(some(0...15)) : .none
      source.delay = some(1...12)
      source.framesPerMillisecond = some(1...20)
      source.cuts = chance(40) ? (0..<some(1...3)).map { _ in some(0...150) } : []
      source.reconnect = some(1...60)
      source.ignored = chance(30) ? 0.2 : 0
      // One of two may die, and not come back.
      if isTwin, index == 1, chance(40) {
        let death = some(40...140)
        source.multicast = source.multicast.lowerBound..<max(source.multicast.lowerBound, death)
        source.cuts = [death]
        source.reconnect = nil
      }
      return source
    }
    air.forged = chance(30) ? 0.1 : 0
    return air
  }
}
