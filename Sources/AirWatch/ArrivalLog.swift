import TransportStream

/// When a station's datagrams came: for bursts, silences, and the error of their pace. All in nanoseconds.
package struct ArrivalLog: Sendable {
  /// Two datagrams closer together than this belong to one burst.
  static let burstWindow: Int64 = 100_000

  /// Kernel receive dates, Unix.
  package private(set) var arrivals: [Int64] = []
  /// Arrival less PCR, at each datagram that carries one; both clocks count from the Unix epoch on a house station.
  package private(set) var lateness: [Int64] = []

  /// Makes room, so that listening itself allocates little.
  init(expecting datagrams: Int) {
    arrivals.reserveCapacity(datagrams)
    lateness.reserveCapacity(datagrams)
  }

  /// - Parameter pcr: the first PCR in the datagram, 27 MHz modulo 2^33 * 300.
  mutating func take(arrival: Int64, pcr: UInt64?) {
    arrivals.append(arrival)
    guard let pcr else { return }
    lateness.append(ClockReference.distance(from: pcr, to: Ticks(nanoseconds: arrival).pcr).nanoseconds)
  }

  /// The longest time without a datagram, up to `end`, and the datagram after which it began; nil when none came.
  func longestSilence(until end: Int64) -> (length: Int64, after: Int64)? {
    guard let last = arrivals.last else { return nil }
    let between = zip(arrivals, arrivals.dropFirst()).lazy.map { (length: $1 - $0, after: $0) }
    let atTheEnd = (length: max(end - last, 0), after: last)
    return between.max { $0.length < $1.length }.map { $0.length > atTheEnd.length ? $0 : atTheEnd } ?? atTheEnd
  }
}

/// How many datagrams came within 100 us of one another.
package struct Bursts: Codable, Sendable {
  /// The most within any 100 us.
  package let largest: Int
  /// How many datagrams were the fourth or later within 100 us.
  package let beyondThree: Int

  /// - Parameter arrivals: ascending, nanoseconds.
  package init(_ arrivals: [Int64]) {
    var (largest, beyondThree, start) = (0, 0, 0)
    for (index, arrival) in arrivals.enumerated() {
      while arrival - arrivals[start] > ArrivalLog.burstWindow { start += 1 }
      largest = max(largest, index - start + 1)
      if index - start >= 3 { beyondThree += 1 }
    }
    (self.largest, self.beyondThree) = (largest, beyondThree)
  }
}

/// Where the values of a distribution lie; milliseconds.
package struct Spread: Codable, Sendable {
  package let p50: Double
  package let p99: Double
  package let p999: Double
  package let max: Double

  package init(p50: Double, p99: Double, p999: Double, max: Double) {
    (self.p50, self.p99, self.p999, self.max) = (p50, p99, p999, max)
  }

  /// - Parameter values: nanoseconds, at least one.
  package init?(_ values: [Int64]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func at(_ share: Double) -> Double {
      Double(sorted[Int((Double(sorted.count - 1) * share).rounded())]) / 1e6
    }
    (p50, p99, p999, max) = (at(0.5), at(0.99), at(0.999), at(1))
  }
}

/// How far the arrival of the PCRs strays from an even pace; milliseconds.
package struct Pace: Codable, Sendable {
  /// PCRs measured.
  package let count: Int
  /// This machine's clock less the PCR, at the median: how late a house station is, if both clocks agree.
  package let offset: Double
  /// |arrival less PCR less the median|: the PCR arrival error.
  package let error: Spread
  /// Arrival less PCR less the least: how long the slowest waited.
  package let lateness: Spread

  init?(_ lateness: [Int64]) {
    guard !lateness.isEmpty else { return nil }
    let sorted = lateness.sorted()
    let median = sorted[sorted.count / 2]
    guard let error = Spread(sorted.map { abs($0 - median) }), let late = Spread(sorted.map { $0 - sorted[0] })
    else { return nil }
    count = sorted.count
    offset = Double(median) / 1e6
    (self.error, self.lateness) = (error, late)
  }
}
