import LinuxIO
import Playout
import TransportStream

@testable import StationServer

/// A station with a datagram every `period`, whose bytes say its number; programmes last `programme`.
struct FakeStation: AirSource {
  var id: UInt8 = 1
  var period = Ticks.milliseconds(2)
  var phase = Ticks.zero
  var programme = Ticks.seconds(10)
  /// The dates of its datagrams stand still, as those of a damaged index may.
  var standsStill = false
  /// Every so many of its datagrams carry a clock reference, from number 0 on.
  var clockEvery = Int64.max
  /// Datagrams whose bytes are bad.
  var bad: Range<Int64> = 0..<0

  func date(of n: Int64) -> Ticks { phase + period * n }

  func index(at date: Ticks) -> Int64 {
    let (n, rest) = (date - phase).count.flooredDivision(by: period.count)
    return rest == 0 ? n : n + 1
  }

  func cursor(at n: Int64) -> FakeCursor { FakeCursor(station: self, n: n) }

  func programmeEnd(at date: Ticks) -> Ticks {
    programme * (date.count.flooredDivision(by: programme.count).quotient + 1)
  }
}

struct FakeCursor: AirCursor {
  let station: FakeStation
  private(set) var n: Int64
  var position: AirPosition {
    AirPosition(
      n: n, date: station.standsStill ? station.phase : station.date(of: n), carriesClock: n % station.clockEvery == 0)
  }

  init(station: FakeStation, n: Int64) {
    self.station = station
    self.n = n
  }

  mutating func take(into target: inout MutableSpan<UInt8>) -> (length: Int, next: AirPosition) {
    target[0] = station.id
    for byte in 0..<8 { target[1 + byte] = UInt8(truncatingIfNeeded: n >> Int64(56 - 8 * byte)) }
    let length = station.bad.contains(n) ? 0 : 188
    n += 1
    return (length, position)
  }

  mutating func look(now: Ticks) -> AirPosition { position }
}

/// A batch that is flushed without a network.
protocol PlayedBatch: DatagramBatch {
  mutating func flush()
}

/// A batch that remembers.
struct FakeBatch: PlayedBatch {
  struct Datagram: Hashable {
    var destination: Destination
    var header: [UInt8]
    var id: UInt8
    var n: Int64
  }

  var capacity = 256
  var waiting: [Datagram] = []
  var sent: [Datagram] = []
  var count: Int { waiting.count }

  mutating func append(
    to destination: Destination, headerSize: Int,
    _ fill: (_ header: inout MutableSpan<UInt8>, _ payload: inout MutableSpan<UInt8>) -> Int
  ) -> Bool {
    var header = [UInt8](repeating: 0, count: headerSize)
    var payload = [UInt8](repeating: 0, count: 1500 - headerSize)
    var headerSpan = header.mutableSpan
    var payloadSpan = payload.mutableSpan
    guard fill(&headerSpan, &payloadSpan) > 0 else { return false }
    let n = payload[1...8].reduce(Int64(0)) { $0 << 8 | Int64($1) }
    waiting.append(Datagram(destination: destination, header: header, id: payload[0], n: n))
    return true
  }

  mutating func flush() {
    sent += waiting
    waiting = []
  }

  func numbers(of id: UInt8) -> [Int64] { sent.filter { $0.id == id }.map(\.n) }
}

extension AirSlot<FakeStation> {
  init?(
    _ station: FakeStation, from date: Ticks, predecessor: Int? = nil, figures: StationFigures = StationFigures(),
    ssrc: UInt32? = nil, readiness: Readiness = Readiness(), lead: Ticks = .zero
  ) {
    guard let destination = Destination(group: "239.255.66.\(station.id)", port: 5004) else { return nil }
    self.init(
      source: station, destination: destination, ssrc: ssrc, figures: figures, readiness: readiness,
      predecessor: predecessor, notBefore: date, lead: lead)
  }
}

extension AirRoster {
  /// A roster that has begun.
  static func begun(
    _ slots: [AirSlot<Source>?], grain: Grain = Grain(Grain.finest, datagramsPerSecond: 0),
    after before: AirRoster? = nil
  ) -> AirRoster {
    var roster = AirRoster(slots.compactMap { $0 }, grain: grain)
    roster.begin(after: before ?? AirRoster([], grain: grain))
    return roster
  }

  /// Plays from `start` to `end`: wakes when the next datagram is due, as the sending thread does.
  mutating func play(
    from start: Ticks, to end: Ticks, before last: Ticks = Ticks(.max), into batch: inout some PlayedBatch
  ) {
    var now = start
    while now < end {
      while !collect(now: now, before: last, into: &batch) { batch.flush() }
      batch.flush()
      guard let next = nextDate, next < last else { return }
      now = max(next, now + Ticks(1))
    }
  }
}
