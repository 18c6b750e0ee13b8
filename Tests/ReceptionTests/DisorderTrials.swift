import TSBytes
import Testing
import Wire

@testable import Reception

/// Networks that take 20 to 60 ms, for each packet anew, so that most pass others: everything comes, in time, and little is
/// asked for that was only late.
struct DisorderTrials {
  struct Trial: Sendable, CustomTestStringConvertible {
    var lateness: SimulatedAir.Lateness
    var loss: Double
    /// Milliseconds between two datagrams, and bit/s.
    var spacing: Int
    var bitrate: Int
    var latency: Int
    var losesSegments = false

    var testDescription: String {
      "\(lateness), \(loss) lost\(losesSegments ? ", TCP too" : ""), every \(spacing) ms, latency \(latency) ms"
    }
  }

  private static let trials: [Trial] = [200, 600].flatMap { latency in
    [(3, 4_000_000), (8, 900_000)].flatMap { spacing, bitrate in
      [SimulatedAir.Lateness.uniform(40), .normal(mean: 20, deviation: 10)].flatMap { lateness in
        [0, 0.001, 0.02].flatMap { loss in
          [false, true].map { losesSegments in
            Trial(
              lateness: lateness, loss: loss, spacing: spacing, bitrate: bitrate, latency: latency,
              losesSegments: losesSegments)
          }
        }
      }
    }
  }

  @Test(arguments: trials)
  func whatIsLateIsWaitedForAndWhatIsLostIsRepaired(_ trial: Trial) {
    var tuning = TSBytes.tuning()
    (tuning.station.bitrate, tuning.latency) = (trial.bitrate, trial.latency)
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    var air = SimulatedAir(tuning, seed: 77)
    (air.spacing, air.count, air.access) = (trial.spacing, Int64(30_000 / trial.spacing), 100)
    air.sources[0].delay = 20
    (air.sources[0].lateness, air.sources[0].segmentLateness) = (trial.lateness, trial.lateness)
    air.sources[0].loss = trial.loss
    (air.sources[0].segmentLoss, air.sources[0].segmentPause) = (trial.losesSegments ? trial.loss : 0, 260)
    air.run(until: 32_000)
    let figures = air.reception.figures
    // 60 ms for those that are only late, and 60 for an answer: a segment that is lost as well is beyond 200 ms at times.
    let isBeyond = trial.losesSegments && trial.loss > 0.01 && trial.latency < 600
    #expect(air.failure == nil && air.excess == 0 && (figures.path == .multicast || isBeyond))
    #expect(figures.lost <= (isBeyond ? 10 : 0) && air.jumps <= Int(figures.lost))
    #expect(air.slowest <= (isBeyond ? 260 : trial.losesSegments ? 350 : 190))
    #expect(figures.reordered > 1000 && air.followed <= 300)
    #expect(air.useless <= 15 + Int(figures.repaired) / 4)
  }
}
