import TransportStream

/// A station's datagrams by their numbers, whatever order they come in and wherever they come from: kept from the one
/// whose turn it is up to ``capacity`` ahead of it.
///
/// All memory is taken at the start, but the payloads' is touched only as far as so many are held at once.
struct ReceiveWindow: ~Copyable {
  /// Bytes of the longest payload: seven transport packets.
  static let slotSize = TSPacket.perDatagram * TSPacket.size
  /// Who brought a datagram: multicast sources 0 to 5, or a stream connection.
  static let stream = 6
  private static let givenUp: UInt16 = 0x80
  private static let mended: UInt16 = 0x100
  private static let empty: Int32 = -1

  /// What became of a datagram.
  enum Verdict: Equatable {
    /// It was missing, and is kept.
    case new
    /// Another origin has brought it.
    case again
    /// The same origin has brought it before.
    case duplicate
    /// It had been given up.
    case late
    /// It stands before everything that is known.
    case past
    /// It is too far ahead to be kept.
    case beyond
    /// Another datagram with this number has another date.
    case differs
    /// Its payload is empty or longer than ``slotSize``.
    case refused
  }

  /// Whether one number has one date only; not where dates are known of the stream's datagrams alone.
  var comparesDates = true
  /// How many datagrams can be held; a power of two, at most 32768, so that RTP's numbers tell them apart.
  let capacity: Int
  /// The datagram whose turn it is.
  private(set) var next: Int64 = 0
  /// One past the highest that is held, or has been.
  private(set) var end: Int64 = 0
  /// The first from ``next`` on that is not there.
  private(set) var contiguous: Int64 = 0
  /// How many are held.
  private(set) var held = 0
  /// The first of all that was begun with.
  private var origin: Int64 = 0

  /// By number modulo the capacity: where the payload stands.
  private var places: [Int32]
  /// By number modulo twice the capacity: who brought it (a bit each), that it was given up, or that multicast is known not to
  /// have brought it; and its RTP timestamp.
  private var marks: [UInt16]
  private var timestamps: [UInt32]
  /// The payloads, those that were given back last at the end of ``free``.
  private var bytes: [UInt8] = []
  private var lengths: [Int32] = []
  private var free: [Int32] = []

  /// - Parameter capacity: in datagrams; a power of two up to 32768.
  init(capacity: Int) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0 && capacity <= 32768)
    self.capacity = capacity
    places = [Int32](repeating: Self.empty, count: capacity)
    marks = [UInt16](repeating: 0, count: 2 * capacity)
    timestamps = [UInt32](repeating: 0, count: 2 * capacity)
    bytes.reserveCapacity(capacity * Self.slotSize)
    lengths.reserveCapacity(capacity)
    free.reserveCapacity(capacity)
  }

  /// Forgets everything; the turn is `number`'s.
  mutating func begin(at number: Int64) {
    while held > 0 {
      release(next)
      next += 1
    }
    // What marks say of others does not matter: none is looked at that is not before `end`, which clears them as it goes on.
    (next, end, contiguous, origin) = (number, number, number, number)
  }

  /// Gives everything another number: `distance` more. It is a multiple of 65536, for it was RTP's that were known only.
  mutating func renumber(by distance: Int64) {
    precondition(distance & 0xFFFF == 0)
    next += distance
    end += distance
    contiguous += distance
    origin += distance
  }

  /// Whether a datagram is there, to be taken when its turn comes.
  func holds(_ number: Int64) -> Bool { number >= next && number < end && places[place(number)] != Self.empty }

  /// Whether anything is held before `number`, which may be missing itself.
  var isBlocked: Bool { held > 0 && contiguous == next }

  /// The RTP timestamp that a datagram has, if one with this number was held lately.
  func timestamp(of number: Int64) -> UInt32? {
    guard isKnown(number), marks[mark(number)] & ~Self.givenUp != 0 else { return nil }
    return timestamps[mark(number)]
  }

  /// Takes a datagram's payload in.
  ///
  /// - Parameter origin: 0 to 5 for a multicast source, ``stream`` for a stream connection.
  mutating func put(_ number: Int64, timestamp: UInt32, origin: Int, _ payload: Span<UInt8>) -> Verdict {
    guard payload.count > 0, payload.count <= Self.slotSize else { return .refused }
    guard number < next + Int64(capacity) else { return .beyond }
    let bit: UInt16 = 1 << UInt16(origin)
    if number < end {
      guard isKnown(number) else { return .past }
      let before = marks[mark(number)]
      if before & ~Self.givenUp != 0 {
        guard !comparesDates || timestamps[mark(number)] == timestamp else { return .differs }
        if bit == 1 << UInt16(Self.stream) { timestamps[mark(number)] = timestamp }
        marks[mark(number)] |= bit
        return before & bit == 0 ? .again : .duplicate
      }
      guard number >= next, before == 0 else {
        marks[mark(number)] |= bit
        timestamps[mark(number)] = timestamp
        return .late
      }
    } else {
      while end <= number {
        marks[mark(end)] = 0
        end += 1
      }
    }
    marks[mark(number)] = bit
    timestamps[mark(number)] = timestamp
    keep(number, payload)
    while contiguous < end, places[place(contiguous)] != Self.empty { contiguous += 1 }
    return .new
  }

  /// Hands over the payload whose turn it is, and goes on to the next; does nothing when it is not there.
  mutating func take(_ body: (Span<UInt8>) -> Void) {
    guard held > 0, contiguous > next else { return }
    let slot = Int(places[place(next)])
    let start = slot * Self.slotSize
    body(bytes.span.extracting(start..<start + Int(lengths[slot])))
    release(next)
    next += 1
  }

  /// Shows the payload of a datagram that is there.
  func look(at number: Int64, _ body: (Span<UInt8>) -> Void) {
    guard holds(number) else { return }
    let slot = Int(places[place(number)])
    let start = slot * Self.slotSize
    body(bytes.span.extracting(start..<start + Int(lengths[slot])))
  }

  /// Makes it the turn of `number`, which is ahead: what is held before it goes, what is missing is given up.
  ///
  /// - Returns: how many were missing.
  mutating func skip(to number: Int64) -> Int {
    var missing = 0
    while next < min(number, end) {
      if places[place(next)] == Self.empty {
        missing += 1
        marks[mark(next)] = Self.givenUp
      } else {
        release(next)
      }
      next += 1
    }
    if next < number {
      missing += Int(clamping: number - next)
      for ahead in 0..<min(number - next, 2 * Int64(capacity)) { marks[mark(number - 1 - ahead)] = Self.givenUp }
      (next, end) = (number, number)
    }
    contiguous = max(contiguous, next)
    while contiguous < end, places[place(contiguous)] != Self.empty { contiguous += 1 }
    return missing
  }

  /// Whether only a stream connection has brought a datagram, not given up before; true once.
  mutating func mend(_ number: Int64) -> Bool {
    guard isKnown(number), marks[mark(number)] == 1 << UInt16(Self.stream) else { return false }
    marks[mark(number)] |= Self.mended
    return true
  }

  /// How many payloads' memory has been used, ever.
  var touched: Int { lengths.count }

  /// The first datagram that is held, from ``next`` on; ``end`` when none is.
  var firstHeld: Int64 {
    guard held > 0 else { return end }
    var number = next
    while places[place(number)] == Self.empty { number += 1 }
    return number
  }

  private func place(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & (capacity - 1) }
  private func mark(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & (2 * capacity - 1) }

  private func isKnown(_ number: Int64) -> Bool {
    number < end && number >= origin && number >= end - 2 * Int64(capacity)
  }

  private mutating func keep(_ number: Int64, _ payload: Span<UInt8>) {
    let slot: Int
    if let given = free.popLast() {
      slot = Int(given)
    } else {
      slot = lengths.count
      lengths.append(0)
      bytes.append(addingCapacity: Self.slotSize) { $0.append(repeating: 0, count: Self.slotSize) }
    }
    var room = bytes.mutableSpan
    let start = slot * Self.slotSize
    for index in 0..<payload.count { room[start + index] = payload[index] }
    lengths[slot] = Int32(payload.count)
    places[place(number)] = Int32(slot)
    held += 1
  }

  private mutating func release(_ number: Int64) {
    let slot = places[place(number)]
    guard slot != Self.empty else { return }
    places[place(number)] = Self.empty
    free.append(slot)
    held -= 1
  }
}
