/// A time or a duration on the system clock of ISO/IEC 13818-1 §2.4.2.1: 27 MHz, one tick = 1/27,000,000 s.
///
/// As a date it counts from the Unix epoch (UTC, no leap seconds). 64 signed bits last for ten thousand years, so
/// nothing but the fields of the stream itself ever wraps, and they wrap here and nowhere else: ``pcr``, ``timestamp``.
package struct Ticks: Comparable, Hashable, Sendable {
  /// The number of ticks.
  package var count: Int64

  package init(_ count: Int64) { self.count = count }

  /// 27,000,000.
  package static let perSecond: Int64 = 27_000_000
  package static let zero = Ticks(0)

  package static func seconds(_ seconds: Int64) -> Ticks { Ticks(seconds * perSecond) }
  package static func milliseconds(_ milliseconds: Int64) -> Ticks { Ticks(milliseconds * (perSecond / 1_000)) }

  /// A count of the 90 kHz clock of PTS and DTS: 300 ticks each.
  package static func ninetyKilohertz(_ count: Int64) -> Ticks { Ticks(count * 300) }

  /// The tick at or before `nanoseconds`; exact over the whole range of a Unix time in nanoseconds.
  package init(nanoseconds: Int64) {
    let (seconds, rest) = nanoseconds.flooredDivision(by: 1_000_000_000)
    self.count = seconds * Ticks.perSecond + rest * 27 / 1_000
  }

  /// The first nanosecond at or after this tick, so that `Ticks(nanoseconds: t.nanoseconds) == t`.
  package var nanoseconds: Int64 {
    let (seconds, rest) = count.flooredDivision(by: Ticks.perSecond)
    return seconds * 1_000_000_000 + (rest * 1_000 + 26) / 27
  }

  package var inSeconds: Double { Double(count) / Double(Ticks.perSecond) }

  /// The value of a program clock reference at this date: modulo 2^33 * 300 (§2.4.3.5). Wraps every 26.5 hours.
  package var pcr: UInt64 { UInt64(count.flooredDivision(by: ClockReference.modulus).remainder) }

  /// The value of a PTS or DTS at this date: 90 kHz, modulo 2^33 (§2.4.3.7), rounded down.
  package var timestamp: UInt64 { pcr / 300 }

  package static func + (left: Ticks, right: Ticks) -> Ticks { Ticks(left.count + right.count) }
  package static func - (left: Ticks, right: Ticks) -> Ticks { Ticks(left.count - right.count) }
  package static func * (left: Ticks, factor: Int64) -> Ticks { Ticks(left.count * factor) }
  package static prefix func - (ticks: Ticks) -> Ticks { Ticks(-ticks.count) }
  package static func += (left: inout Ticks, right: Ticks) { left.count += right.count }
  package static func < (left: Ticks, right: Ticks) -> Bool { left.count < right.count }
}

extension Ticks: Codable {
  /// A bare number of ticks.
  package init(from decoder: any Decoder) throws {
    count = try decoder.singleValueContainer().decode(Int64.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(count)
  }
}

extension Int64 {
  /// Quotient and remainder rounded towards minus infinity: the remainder is never negative.
  package func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
