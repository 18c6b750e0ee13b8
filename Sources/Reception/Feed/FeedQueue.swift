import TransportStream

/// What waits for the player, in pieces of at most seven packets with running numbers. All memory is taken at the start, but
/// touched only as far as it has been used: to have the kernel clear megabytes of it would hold up the first picture.
///
/// A piece leaves only when the feed says that everything in it is whole (``release(upTo:)``): what has not left can still
/// be taken back. When the queue is full the reader has stalled: the oldest part goes, up to the next random access point,
/// so that the reader goes on with whole pictures.
struct FeedQueue: ~Copyable {
  /// Bytes of the longest piece: a datagram's seven packets.
  static let slotSize = TSPacket.perDatagram * TSPacket.size

  /// Pieces that were dropped because nobody took them.
  private(set) var dropped: UInt64 = 0
  /// The number of the next piece to leave, of the first that may not leave yet, and of the next one to come.
  private(set) var head: Int64 = 0
  private(set) var ready: Int64 = 0
  private(set) var tail: Int64 = 0

  private let capacity: Int
  private var bytes: [UInt8]
  private var lengths: [Int]
  private var access: [Bool]
  /// How much of the first piece has been taken already.
  private var taken = 0
  /// Everything was dropped: nothing goes in before the next random access point.
  private var awaitingAccess = false

  /// - Parameter capacity: in pieces; 4096 of them are 5.4 MB, ten seconds at 4.5 Mb/s.
  init(capacity: Int = 4096) {
    self.capacity = capacity
    bytes = []
    bytes.reserveCapacity(capacity * Self.slotSize)
    lengths = [Int](repeating: 0, count: capacity)
    access = [Bool](repeating: false, count: capacity)
  }

  var count: Int { Int(tail - head) }
  var isFull: Bool { count == capacity }

  /// Adds whole packets, at most seven; `isAccess` where a random access point stands among them.
  mutating func append(_ packets: Span<UInt8>, isAccess: Bool) {
    if isFull { dropOldest() }
    if awaitingAccess && !isAccess {
      dropped += 1
      return
    }
    awaitingAccess = false
    let slot = slot(tail)
    let start = slot * Self.slotSize
    // Slots come into use one after the other.
    if start == bytes.count {
      bytes.append(addingCapacity: Self.slotSize) { $0.append(repeating: 0, count: Self.slotSize) }
    }
    var room = bytes.mutableSpan
    for index in 0..<packets.count { room[start + index] = packets[index] }
    lengths[slot] = packets.count
    access[slot] = isAccess
    tail += 1
  }

  /// Everything before the piece `limit` may leave.
  mutating func release(upTo limit: Int64) { ready = max(ready, min(limit, tail)) }

  /// Goes over the packets that have not left, from the piece `first` on, and takes those back for which `isUnwanted`.
  ///
  /// - Parameter isUnwanted: gets the packet's PID, its piece, and where in that it stands.
  mutating func takeBack(from first: Int64, _ isUnwanted: (UInt16, Int64, Int) -> Bool) {
    var piece = max(first, ready)
    while piece < tail {
      let slot = slot(piece)
      lengths[slot] = Self.takeBack(from: &bytes, slot * Self.slotSize, lengths[slot]) { pid, offset in
        isUnwanted(pid, piece, offset)
      }
      piece += 1
    }
  }

  /// Takes packets out of a piece of `count` bytes at `start`; returns how many bytes are left.
  private static func takeBack(
    from bytes: inout [UInt8], _ start: Int, _ count: Int, _ isUnwanted: (UInt16, Int) -> Bool
  ) -> Int {
    var room = bytes.mutableSpan
    var kept = 0
    for offset in stride(from: 0, to: count, by: TSPacket.size) {
      let from = start + offset
      if isUnwanted(UInt16(room[from + 1] & 0x1F) << 8 | UInt16(room[from + 2]), offset) { continue }
      if kept != offset { for index in 0..<TSPacket.size { room[start + kept + index] = room[from + index] } }
      kept += TSPacket.size
    }
    return kept
  }

  /// Hands over what may leave, oldest first, as many pieces at a time as stand in a row, until `write` takes less than
  /// it is given.
  ///
  /// - Parameter write: returns how many bytes it took.
  mutating func drain<Failure: Error>(_ write: (Span<UInt8>) throws(Failure) -> Int) throws(Failure) {
    while head < ready {
      let first = slot(head)
      var last = first
      while lengths[last] == Self.slotSize, last + 1 < capacity, head + Int64(last + 1 - first) < ready { last += 1 }
      let end = last * Self.slotSize + lengths[last]
      let start = first * Self.slotSize + taken
      let written = end > start ? try write(bytes.span.extracting(start..<end)) : 0
      pass(taken + written)
      guard start + written >= end else { return }
    }
  }

  /// Forgets everything; the next reader too must begin at a random access point.
  mutating func clear() {
    head = tail
    ready = tail
    taken = 0
    awaitingAccess = true
  }

  private func slot(_ piece: Int64) -> Int { Int(piece % Int64(capacity)) }

  /// Moves the head over `count` bytes, and over pieces that are empty.
  private mutating func pass(_ count: Int) {
    taken = count
    while head < ready, taken >= lengths[slot(head)] {
      taken -= lengths[slot(head)]
      head += 1
    }
  }

  private mutating func dropOldest() {
    // A piece that the reader has half is not taken away from it.
    let first: Int64 = taken > 0 ? 1 : 0
    var target = head + first + 1
    while target < tail && !access[slot(target)] { target += 1 }
    awaitingAccess = target >= tail
    dropped += UInt64(target - head - first)
    if first == 1 { moveHead(to: target - 1) } else { head = target }
    ready = max(ready, head + first)
  }

  private mutating func moveHead(to piece: Int64) {
    let (source, slot) = (slot(head), slot(piece))
    let (from, to) = (source * Self.slotSize, slot * Self.slotSize)
    var room = bytes.mutableSpan
    for index in 0..<Self.slotSize { room[to + index] = room[from + index] }
    lengths[slot] = lengths[source]
    access[slot] = access[source]
    head = piece
  }
}
