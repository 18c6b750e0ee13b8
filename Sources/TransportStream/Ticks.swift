/// A time or a duration on the system clock of ISO/IEC 13818-1 §2.4.2.1: 27 MHz, one tick = 1/27,000,000 s.
///
/// As a date it counts from the Unix epoch (UTC, no leap seconds). 64 signed bits last for ten thousand years, so
/// nothing but the fields of the stream itself ever wraps, and they wrap here and nowhere else: ``pcr``, ``timestamp``.
///
/// Public, as is little else here, for every datagram needs some twenty of these operations: the compiler inlines between
/// modules what is public, and calls what is only the package's.
public struct Ticks: Comparable, Hashable, Sendable {
  /// The number of ticks.
  public var count: Int64

  public init(_ count: Int64) { self.count = count }

  /// 27,000,000.
  public static var perSecond: Int64 { 27_000_000 }
  public static var zero: Ticks { Ticks(0) }

  public static func seconds(_ seconds: Int64) -> Ticks { Ticks(seconds * perSecond) }
  public static func milliseconds(_ milliseconds: Int64) -> Ticks { Ticks(milliseconds * (perSecond / 1_000)) }

  /// A count of the 90 kHz clock of PTS and DTS: 300 ticks each.
  public static func ninetyKilohertz(_ count: Int64) -> Ticks { Ticks(count * 300) }

  /// The tick at or before `nanoseconds`; exact over the whole range of a Unix time in nanoseconds.
  public init(nanoseconds: Int64) {
    let (seconds, rest) = nanoseconds.flooredDivision(by: 1_000_000_000)
    self.count = seconds * Ticks.perSecond + rest * 27 / 1_000
  }

  /// The first nanosecond at or after this tick, so that `Ticks(nanoseconds: t.nanoseconds) == t`.
  public var nanoseconds: Int64 {
    let (seconds, rest) = count.flooredDivision(by: Ticks.perSecond)
    return seconds * 1_000_000_000 + (rest * 1_000 + 26) / 27
  }

  public var inSeconds: Double { Double(count) / Double(Ticks.perSecond) }

  /// The value of a program clock reference at this date: modulo 2^33 * 300 (§2.4.3.5). Wraps every 26.5 hours.
  public var pcr: UInt64 { UInt64(count.flooredDivision(by: ClockReference.modulus).remainder) }

  /// The value of a PTS or DTS at this date: 90 kHz, modulo 2^33 (§2.4.3.7), rounded down.
  public var timestamp: UInt64 { pcr / 300 }

  public static func + (left: Ticks, right: Ticks) -> Ticks { Ticks(left.count + right.count) }
  public static func - (left: Ticks, right: Ticks) -> Ticks { Ticks(left.count - right.count) }
  public static func * (left: Ticks, factor: Int64) -> Ticks { Ticks(left.count * factor) }
  public static prefix func - (ticks: Ticks) -> Ticks { Ticks(-ticks.count) }
  public static func += (left: inout Ticks, right: Ticks) { left.count += right.count }
  public static func < (left: Ticks, right: Ticks) -> Bool { left.count < right.count }
  // Those that the library draws from `<` go through a table of functions at every use.
  public static func > (left: Ticks, right: Ticks) -> Bool { left.count > right.count }
  public static func <= (left: Ticks, right: Ticks) -> Bool { left.count <= right.count }
  public static func >= (left: Ticks, right: Ticks) -> Bool { left.count >= right.count }
}

extension Ticks: Codable {
  /// A bare number of ticks.
  public init(from decoder: any Decoder) throws {
    count = try decoder.singleValueContainer().decode(Int64.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(count)
  }
}

extension Int64 {
  /// Quotient and remainder rounded towards minus infinity: the remainder is never negative.
  public func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
