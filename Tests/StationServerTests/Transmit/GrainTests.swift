import LinuxIO
import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import StationServer

@Suite struct GrainTests {
  @Test(arguments: [
    (0.0, 1_000, 50), (20_000, 6_000, 50), (40_000, 8_000, 50), (100_000, 8_000, 50), (250_000, 8_000, 4_025),
    (418_000, 8_000, 8_000), (1e9, 8_000, 8_000),
  ])
  func theLoadPicksIt(rate: Double, length: Int64, precision: Int64) {
    let grain = Grain(datagramsPerSecond: rate)
    #expect(grain.length == Ticks(nanoseconds: length * 1_000))
    #expect(grain.precision == Ticks(nanoseconds: precision * 1_000))
    #expect(grain.reach == min(grain.length - grain.precision, .milliseconds(2)))
  }

  @Test func whatTheConfigurationSetsIsNoCoarserThanItSays() {
    let fine = Grain(Ticks(nanoseconds: 200_000), datagramsPerSecond: 500_000)
    #expect(fine.length == Ticks(nanoseconds: 200_000) && fine.precision == fine.length)
    let coarse = Grain(.milliseconds(20), datagramsPerSecond: 1_000)
    #expect(coarse.length == .milliseconds(20) && coarse.precision == Grain.finest)
  }

  @Test func windowsTileTime() {
    let grain = Grain(.milliseconds(7), datagramsPerSecond: 20_000)
    let phases = (0..<14).map { grain.phase(ofSlot: $0, of: 14) }
    #expect(Set(phases).count == 7 && phases[0] == .zero && phases[1] == .zero && phases[2] == .milliseconds(1))
    #expect(phases.allSatisfy { $0 < grain.length })
    for phase in phases {
      for date in [Ticks(-5), .zero, .seconds(1_792_065_600), Ticks(1 << 50)] {
        let window = grain.window(of: date, phase: phase)
        #expect(window <= date && date < window + grain.length)
        #expect((window - phase).count % grain.length.count == 0)
        #expect(grain.window(of: window, phase: phase) == window)
        #expect(grain.window(of: window - Ticks(1), phase: phase) == window - grain.length)
        let moment = grain.moment(of: date, phase: phase)
        #expect(moment <= date && date < moment + Grain.finest)
      }
    }
    let finest = Grain(Grain.finest, datagramsPerSecond: 2_000)
    #expect(Set((0..<14).map { finest.phase(ofSlot: $0, of: 14) }) == [.zero], "a wake-up each is too dear")
  }

  /// 2026-11-22 12:00:00 UTC.
  private let noon = Ticks.seconds(1_795_348_800)

  /// Everything sent in a second and a half, by group, as one grain and number of threads have it.
  private func sent(
    by stations: [Station], grain: Ticks?, threads: Int, lead: Ticks = .zero
  ) throws -> [Destination: [[UInt8]]] {
    let spread = ThreadSpread.assign(
      weights: stations.map(\.datagramRate), current: stations.map { _ in nil }, threads: threads)
    var batch = ByteBatch()
    for thread in 0..<threads {
      let carried = zip(stations, spread).filter { $0.1 == thread }.map(\.0)
      let rate = carried.reduce(0) { $0 + $1.datagramRate }
      let slots = try carried.map { station in
        AirSlot(
          source: station,
          destination: try #require(Destination(group: "239.255.66.\(station.identity.number)", port: 5004)),
          ssrc: UInt32(station.identity.number), figures: StationFigures(), readiness: Readiness(), predecessor: nil,
          notBefore: noon, lead: lead)
      }
      var roster = AirRoster.begun(slots, grain: Grain(grain, datagramsPerSecond: rate))
      roster.play(from: noon, to: noon + .seconds(2), before: noon + .milliseconds(1_500), into: &batch)
    }
    return batch.sent
  }

  @Test func theSameStreamsAtEveryGrainAndThreadCount() throws {
    let directory = try TemporaryDirectory()
    let tapes = try [1_200, 2_000, 440].enumerated().map { index, milliseconds in
      let path = directory.path("\(index).ts")
      try SyntheticTape(milliseconds: milliseconds, isRadio: index == 2).write(to: path)
      return try Tape(path: path, verify: true)
    }
    let stations = try (1...6).map { number in
      let tape = tapes[number % 3]
      let identity = StationIdentity(number: UInt16(number), name: "S", provider: "P", transportStreamID: 9)
      return try #require(Station(identity: identity, eras: [Era(.always([tape]), tapes: [tape])]))
    }
    let plain = try sent(by: stations, grain: Grain.finest, threads: 1)
    #expect(plain.count == 6)
    for (destination, datagrams) in plain { #expect(datagrams.count > 100, "\(destination)") }
    for grain in [nil, Ticks.milliseconds(1), Ticks(54_321), .milliseconds(8), .milliseconds(40)] {
      for threads in 1...3 {
        let lead = Ticks.milliseconds(Int64(threads - 1))
        #expect(try sent(by: stations, grain: grain, threads: threads, lead: lead) == plain)
      }
    }
  }
}

@Suite struct ThreadSpreadTests {
  @Test func likeShares() {
    let weights = [10.0, 1, 1, 1, 1, 1, 5]
    let threads = ThreadSpread.assign(weights: weights, current: weights.map { _ in nil }, threads: 2)
    let first = zip(weights, threads).filter { $0.1 == 0 }.reduce(0) { $0 + $1.0 }
    #expect(first == 10)
    #expect(Set(threads) == [0, 1])
  }

  @Test func nobodyOnTheAirChangesThreads() {
    let threads = ThreadSpread.assign(weights: [1, 1, 1, 2], current: [1, 1, nil, nil], threads: 2)
    #expect(threads == [1, 1, 1, 0] || threads == [1, 1, 0, 0])
    #expect(threads[3] == 0)
    #expect(ThreadSpread.assign(weights: [], current: [], threads: 3) == [])
  }
}

/// A batch that remembers every byte.
struct ByteBatch: PlayedBatch {
  let capacity = 256
  private(set) var count = 0
  private(set) var sent: [Destination: [[UInt8]]] = [:]

  mutating func append(
    to destination: Destination, headerSize: Int,
    _ fill: (_ header: inout MutableSpan<UInt8>, _ payload: inout MutableSpan<UInt8>) -> Int
  ) -> Bool {
    var header = [UInt8](repeating: 0, count: headerSize)
    var payload = [UInt8](repeating: 0, count: 1500 - headerSize)
    var headerSpan = header.mutableSpan
    var payloadSpan = payload.mutableSpan
    let length = fill(&headerSpan, &payloadSpan)
    guard length > 0 else { return false }
    sent[destination, default: []].append(header + payload.prefix(length))
    count += 1
    return true
  }

  mutating func flush() { count = 0 }
}
