import CLibAV

/// A rational number of seconds: the length of one tick of a stream's timestamps, or a frame rate in hertz.
package struct Rational: Hashable, Sendable {
  package var numerator: Int32
  package var denominator: Int32

  package init(_ numerator: Int32, _ denominator: Int32) {
    self.numerator = numerator
    self.denominator = denominator
  }

  init(_ rational: AVRational) { self.init(rational.num, rational.den) }
  var av: AVRational { AVRational(num: numerator, den: denominator) }

  /// The value, or nil of n/0 and 0/n, by which libav says "unknown".
  package var value: Double? {
    numerator > 0 && denominator > 0 ? Double(numerator) / Double(denominator) : nil
  }

  /// 1/90,000 s: the unit of PTS and DTS (ISO/IEC 13818-1, 2.4.3.7).
  package static let ninetyKilohertz = Rational(1, 90_000)

  /// `count` ticks of this length, in ticks of `other`, rounded to the nearest.
  package func rescale(_ count: Int64, to other: Rational) -> Int64 { av_rescale_q(count, av, other.av) }
}

/// What concerns the library as a whole.
package enum LibAV {
  /// How much libav itself says on standard error: nothing, or its warnings and errors.
  package static func setLogging(_ verbose: Bool) { av_log_set_level(verbose ? AV_LOG_WARNING : AV_LOG_QUIET) }

  /// A C string that libav owns, copied.
  static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer = unsafe pointer else { return nil }
    return unsafe String(cString: pointer)
  }
}
