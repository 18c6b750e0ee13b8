/// The 6-byte program clock reference (ISO/IEC 13818-1 §2.4.3.5).
///
///     base(33) | reserved(6) | extension(9)        value = base * 300 + extension, 27 MHz
public enum ClockReference {
  /// 2^33 * 300: the PCR counts modulo this.
  public static var modulus: Int64 { (1 << 33) * 300 }

  /// The value at `offset`, below 2^33 * 300 unless the extension is broken (300 or more).
  package static func read(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    var field: UInt64 = 0
    for index in 0..<6 { field = field << 8 | UInt64(bytes[offset + index]) }
    return (field >> 15) * 300 + (field & 0x1FF)
  }

  /// Writes `value` (27 MHz, below the modulus) at `offset`, the reserved bits set as the standard asks.
  package static func write(_ value: UInt64, to bytes: inout MutableSpan<UInt8>, at offset: Int) {
    let (base, fraction) = value.quotientAndRemainder(dividingBy: 300)
    let field = (base & 0x1_FFFF_FFFF) << 15 | 0x3F << 9 | fraction
    for index in 0..<6 { bytes[offset + index] = UInt8(truncatingIfNeeded: field >> UInt64(40 - 8 * index)) }
  }

  /// The field at `offset` moved on by `shift` ticks, modulo 2^33 * 300.
  package static func add(_ shift: UInt64, to bytes: inout MutableSpan<UInt8>, at offset: Int) {
    let sum = read(bytes.span, at: offset) + shift
    write(sum % UInt64(modulus), to: &bytes, at: offset)
  }

  /// How far `later` lies after `earlier`, the shorter way round: from -2^32 * 300 up to 2^32 * 300 ticks.
  package static func distance(from earlier: UInt64, to later: UInt64) -> Ticks {
    let difference = (Int64(later) - Int64(earlier)).flooredDivision(by: modulus).remainder
    return Ticks(difference >= modulus / 2 ? difference - modulus : difference)
  }
}

/// The 5-byte presentation or decoding time stamp of a PES header (ISO/IEC 13818-1 §2.4.3.7).
///
///     prefix(4) | 32…30 | 1 || 29…22 || 21…15 | 1 || 14…7 || 6…0 | 1        90 kHz, modulo 2^33
public enum TimeStamp {
  /// 2^33.
  public static var modulus: Int64 { 1 << 33 }

  /// The value at `offset`: 90 kHz, below 2^33.
  package static func read(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    let b0 = UInt64(bytes[offset] >> 1 & 0x07)
    let b12 = UInt64(bytes[offset + 1]) << 7 | UInt64(bytes[offset + 2] >> 1)
    let b34 = UInt64(bytes[offset + 3]) << 7 | UInt64(bytes[offset + 4] >> 1)
    return b0 << 30 | b12 << 15 | b34
  }

  /// Writes `value` (90 kHz, taken modulo 2^33) at `offset`; the four bits of the prefix stay, the markers are set.
  package static func write(_ value: UInt64, to bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes[offset] = bytes[offset] & 0xF0 | UInt8(truncatingIfNeeded: value >> 30 & 0x07) << 1 | 1
    bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 22)
    bytes[offset + 2] = UInt8(truncatingIfNeeded: value >> 15 & 0x7F) << 1 | 1
    bytes[offset + 3] = UInt8(truncatingIfNeeded: value >> 7)
    bytes[offset + 4] = UInt8(truncatingIfNeeded: value & 0x7F) << 1 | 1
  }

  /// The field at `offset` moved on by `shift` counts of 90 kHz, modulo 2^33.
  package static func add(_ shift: UInt64, to bytes: inout MutableSpan<UInt8>, at offset: Int) {
    write(read(bytes.span, at: offset) &+ shift, to: &bytes, at: offset)
  }

  /// How far `later` lies after `earlier`, the shorter way round: from -2^32 up to 2^32 counts of 90 kHz.
  package static func distance(from earlier: UInt64, to later: UInt64) -> Ticks {
    let difference = (Int64(later) - Int64(earlier)).flooredDivision(by: modulus).remainder
    return .ninetyKilohertz(difference >= modulus / 2 ? difference - modulus : difference)
  }
}
