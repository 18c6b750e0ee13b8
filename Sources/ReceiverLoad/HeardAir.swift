/// What multicast brought lately, for comparison.
struct HeardAir {
  enum Verdict {
    /// What was on the air.
    case same
    /// Another datagram than the one of this number.
    case other
    /// Multicast has not brought it, or too long ago.
    case unheard
  }

  /// So many are kept: 40 seconds at 4 Mb/s. A power of two, for numbers come modulo 2^16.
  static let kept = 16_384

  private var payloads = [[UInt8]](repeating: [], count: kept)
  private var numbers = [Int](repeating: -1, count: kept)
  /// How many came.
  private(set) var count = 0

  /// - Parameter number: the last 16 bits of the datagram's number, as RTP has them.
  mutating func keep(_ number: UInt16, _ payload: [UInt8]) {
    let place = Int(number) % Self.kept
    payloads[place] = payload
    numbers[place] = Int(number)
    count += 1
  }

  func verdict(_ n: Int64, _ payload: Span<UInt8>) -> Verdict {
    let number = Int(n & 0xFFFF)
    let place = number % Self.kept
    guard numbers[place] == number else { return .unheard }
    guard payloads[place].count == payload.count else { return .other }
    for at in payloads[place].indices where payloads[place][at] != payload[at] { return .other }
    return .same
  }
}
