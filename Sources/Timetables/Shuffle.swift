/// A shuffled order that is the same on every machine and in every version.
///
/// Each name gets a number from the seed and the name; they are sorted by it. So a name that is added comes to stand
/// somewhere between the others, whose order stays.
package enum Shuffle {
  /// Places in `names`, in their shuffled order.
  ///
  /// - Parameters:
  ///   - names: what tells them apart; the same name may be there more than once.
  ///   - seed: any number.
  ///   - day: another order each day; nil: one for ever.
  package static func order(_ names: [String], seed: Int, day: LocalDate? = nil) -> [Int] {
    var seen: [String: UInt64] = [:]
    let start = mixed(UInt64(bitPattern: Int64(seed))) ^ mixed(UInt64(bitPattern: Int64(day?.dayNumber ?? .max)))
    let keyed = names.enumerated().map { index, name in
      let repeats = seen[name, default: 0]
      seen[name] = repeats + 1
      let hash = name.utf8.reduce(start) { mixed($0 ^ UInt64($1)) }
      return (key: mixed(hash ^ repeats), index: index)
    }
    return keyed.sorted { ($0.key, $0.index) < ($1.key, $1.index) }.map(\.index)
  }

  /// A one-to-one map of 64 bits in which every bit in changes half of the bits out (the finalizer of SplitMix64).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9E37_79B9_7F4A_7C15
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}
