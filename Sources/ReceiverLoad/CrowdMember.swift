import Reception

/// One receiver of many, and what is known of what came out of it.
struct CrowdMember {
  let reception: BareReception
  var generator: SplitMix
  /// Datagrams that it did not get to see.
  private(set) var dropped = 0
  /// The number of the datagram that came out last.
  private(set) var last: Int64?
  private(set) var delivered = 0
  /// Numbers that it went on without; and datagrams that are not what was on the air.
  private(set) var missing = 0
  private(set) var wrong = 0
  /// Datagrams that multicast did not bring, or not in the last seconds: nothing to compare them with.
  private(set) var unseen = 0

  init(reception: BareReception, generator: SplitMix) {
    self.reception = reception
    self.generator = generator
  }

  /// Below which of the generator's numbers a datagram is lost.
  ///
  /// - Parameter loss: percent, 0 to 100.
  static func threshold(loss: Double) -> UInt64 {
    UInt64(exactly: (loss / 100 * 0x1p64).rounded()) ?? .max
  }

  /// Whether it does not get to see the next datagram.
  mutating func drops(_ threshold: UInt64) -> Bool {
    guard threshold > 0, generator.next() < threshold else { return false }
    dropped += 1
    return true
  }

  /// Notes what came out of it, in the order in which it came.
  mutating func gave(out n: Int64, _ verdict: HeardAir.Verdict) {
    delivered += 1
    // One that began before the server had told the numbers counts modulo 2^16 until then.
    if let last { missing += Int(UInt16(truncatingIfNeeded: n - last - 1)) }
    last = n
    switch verdict {
    case .same: break
    case .other: wrong += 1
    case .unheard: unseen += 1
    }
  }
}

/// A small seeded generator (SplitMix64), so that a run's losses can be had again.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
