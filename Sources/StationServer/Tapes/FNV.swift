/// The Fowler-Noll-Vo hash, variant 1a: the same on every machine and in every version, unlike Swift's own hashing.
enum FNV {
  static func hash32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    bytes.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
  }

  static func hash128(_ bytes: some Sequence<UInt8>) -> UInt128 {
    bytes.reduce(144_066_263_297_769_815_596_495_629_667_062_367_629) {
      ($0 ^ UInt128($1)) &* 309_485_009_821_345_068_724_781_371
    }
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// All digits, in base 16, leading zeros included.
  var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
  }
}
