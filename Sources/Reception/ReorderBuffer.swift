/// Puts RTP packets back into the order of their sequence numbers, which count modulo 2^16 (RFC 3550, section 5.1).
///
/// A packet that comes in its turn goes straight through. One that comes early is held until those before it are there,
/// the window is full, or the wait has lasted too long: then they are lost. All memory is taken at the start.
struct ReorderBuffer: ~Copyable {
  /// How far ahead of its turn a packet may be held, in packets.
  static let depth = 128
  /// Bytes of the longest payload; longer ones are refused.
  static let slotSize = 2048
  /// A packet further ahead than this does not belong here, unless the next one follows it (RFC 3550, A.1).
  static let maximumDropout = 3000

  /// Packets that came through or are held.
  private(set) var received: UInt64 = 0
  /// Packets that never came in time.
  private(set) var lost: UInt64 = 0
  /// Packets that came twice, or after they had been given up.
  private(set) var duplicates: UInt64 = 0

  /// How long one missing packet may hold up the others, in nanoseconds.
  private let patience: Int64
  private var bytes = [UInt8](repeating: 0, count: depth * slotSize)
  private var lengths = [Int](repeating: empty, count: depth)
  private var arrivals = [Int64](repeating: 0, count: depth)
  private static let empty = -1

  /// The sequence number whose turn it is; nil before the first packet.
  private var next: UInt16?
  /// How many packets are held.
  private var held = 0
  /// Where the stream would go on after a jump, if the next packet confirms it.
  private var probation: UInt16?

  init(patienceMilliseconds: Int64 = 60) {
    patience = patienceMilliseconds * 1_000_000
  }

  /// Takes a packet and passes on all whose turn has come, in order.
  ///
  /// - Parameters:
  ///   - now: a steady time in nanoseconds.
  ///   - deliver: gets each payload once.
  mutating func accept(
    _ sequence: UInt16, _ payload: Span<UInt8>, now: Int64, _ deliver: (Span<UInt8>) -> Void
  ) {
    guard payload.count <= Self.slotSize else { return }
    let ahead = Int(Int16(bitPattern: sequence &- (next ?? sequence)))
    switch ahead {
    case 0:
      received += 1
      next = sequence &+ 1
      probation = nil
      deliver(payload)
      flush(deliver)
    case 1..<Self.maximumDropout:
      if ahead >= Self.depth { advance(to: sequence &- UInt16(Self.depth - 1), deliver) }
      hold(sequence, payload, now: now)
      flush(deliver)
    case (-Self.depth)..<0:
      duplicates += 1
    default:
      guard sequence == probation else {
        probation = sequence &+ 1
        return
      }
      restart(at: sequence, missing: max(0, ahead), deliver)
      received += 1
      next = sequence &+ 1
      deliver(payload)
    }
    expire(now: now, deliver)
  }

  /// Gives up waiting for packets that have been missing for too long.
  mutating func expire(now: Int64, _ deliver: (Span<UInt8>) -> Void) {
    while held > 0, let expected = next {
      var first = expected
      while lengths[slot(first)] == Self.empty { first = first &+ 1 }
      guard now - arrivals[slot(first)] >= patience else { return }
      advance(to: first, deliver)
      flush(deliver)
    }
  }

  private func slot(_ sequence: UInt16) -> Int { Int(sequence) & (Self.depth - 1) }

  private mutating func hold(_ sequence: UInt16, _ payload: Span<UInt8>, now: Int64) {
    let slot = slot(sequence)
    guard lengths[slot] == Self.empty else {
      duplicates += 1
      return
    }
    received += 1
    var room = bytes.mutableSpan
    let start = slot * Self.slotSize
    for index in 0..<payload.count { room[start + index] = payload[index] }
    lengths[slot] = payload.count
    arrivals[slot] = now
    held += 1
  }

  /// Passes on what is held from `next` on, up to the first that is missing.
  private mutating func flush(_ deliver: (Span<UInt8>) -> Void) {
    while held > 0, let expected = next, release(expected, deliver) { next = expected &+ 1 }
  }

  /// Makes it the turn of `target`, which is ahead: what is held before it goes through, the rest of it is lost.
  private mutating func advance(to target: UInt16, _ deliver: (Span<UInt8>) -> Void) {
    while let expected = next, expected != target {
      if !release(expected, deliver) { lost += 1 }
      next = expected &+ 1
    }
  }

  private mutating func restart(at sequence: UInt16, missing: Int, _ deliver: (Span<UInt8>) -> Void) {
    probation = nil
    var gone = missing
    while held > 0, let expected = next {
      if release(expected, deliver) { gone -= 1 }
      next = expected &+ 1
    }
    lost += UInt64(max(0, gone))
  }

  private mutating func release(_ sequence: UInt16, _ deliver: (Span<UInt8>) -> Void) -> Bool {
    let slot = slot(sequence)
    let length = lengths[slot]
    guard length != Self.empty else { return false }
    lengths[slot] = Self.empty
    held -= 1
    let start = slot * Self.slotSize
    deliver(bytes.span.extracting(start..<start + length))
    return true
  }
}
