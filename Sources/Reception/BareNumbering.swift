import TransportStream

/// Finds the numbers of datagrams that come without RTP. They are counted as they come; which number belongs to a count, those
/// that a stream connection brings tell, for they are the same bytes. As long as the continuity counters go on, none has
/// been lost in between, and a number is the one after that before.
struct BareNumbering: Sendable {
  /// What has come.
  enum Arrival: Equatable {
    /// The one before, once more.
    case repeated
    /// Its number is not known (yet).
    case unknown
    /// Others are missing before it, nobody knows how many.
    case broken
    case number(Int64)
  }

  /// So many datagrams are remembered, and so many in a row must be the stream's.
  static let depth: Int64 = 1024
  static let proof = 3
  private static let none: UInt8 = 0xFF

  /// How many have come, and the first of those without a break.
  private(set) var count: Int64 = 0
  private var unbroken: Int64 = 1
  /// What is added to a count to make a number, if it is known; and what it seems to be, and how many said so.
  private(set) var distance: Int64?
  private var guess: Int64 = 0
  private var proofs = 0
  private var counters = [UInt8](repeating: none, count: 8192)
  private var hashes = [UInt64](repeating: 0, count: Int(depth))

  /// A datagram has come by multicast: whole packets.
  mutating func arrived(_ packets: Span<UInt8>) -> Arrival {
    let hash = Self.hash(packets)
    if count > 0, hash == hashes[place(count)] { return .repeated }
    count += 1
    hashes[place(count)] = hash
    guard goesOn(packets) || count == 1 else {
      (unbroken, distance, proofs) = (count, nil, 0)
      return .broken
    }
    return distance.map { .number(count + $0) } ?? .unknown
  }

  /// A stream connection has brought a datagram.
  mutating func sent(_ number: Int64, _ packets: Span<UInt8>) {
    guard distance == nil, count > 0 else { return }
    let hash = Self.hash(packets)
    let first = max(unbroken, count - Self.depth + 1)
    if proofs > 0 {
      let next = number - guess
      if next >= first, next <= count, hashes[place(next)] == hash {
        proofs += 1
        if proofs >= Self.proof { distance = guess }
        return
      }
    }
    proofs = 0
    var at = count
    while at >= first {
      if hashes[place(at)] == hash {
        (guess, proofs) = (number - at, 1)
        return
      }
      at -= 1
    }
  }

  /// The next that comes has this number, and each after it the next: nobody knows better.
  mutating func begin(at number: Int64) { distance = number - count - 1 }

  private func place(_ count: Int64) -> Int { Int(count & (Self.depth - 1)) }

  /// Whether each packet's counter follows its PID's last one (ISO/IEC 13818-1, 2.4.3.3).
  private mutating func goesOn(_ packets: Span<UInt8>) -> Bool {
    var isWhole = true
    var offset = 0
    while offset + TSPacket.size <= packets.count {
      defer { offset += TSPacket.size }
      let pid = Int(packets[offset + 1] & 0x1F) << 8 | Int(packets[offset + 2])
      guard pid != PID.null else { continue }
      let counter = packets[offset + 3] & 0x0F
      let last = counters[pid]
      let step: UInt8 = packets[offset + 3] & 0x10 == 0 ? 0 : 1
      if last != Self.none, (last &+ step) & 0x0F != counter { isWhole = false }
      counters[pid] = counter
    }
    return isWhole
  }

  /// FNV-1a.
  private static func hash(_ bytes: Span<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3 }
    return hash
  }
}
