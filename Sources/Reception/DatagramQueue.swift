import TransportStream

/// What waits between the receiver and a player that reads more slowly for a while. All memory is taken at the start.
///
/// When it is full the player has stalled: the oldest part goes, up to the next random access point, so that the player
/// goes on with whole pictures, close to the air.
struct DatagramQueue: ~Copyable {
  /// Bytes of the longest piece: a datagram's seven packets.
  static let slotSize = TSPacket.perDatagram * TSPacket.size

  /// Datagrams that were dropped because the player did not read.
  private(set) var dropped: UInt64 = 0
  private(set) var count = 0

  private let capacity: Int
  private var bytes: [UInt8]
  private var lengths: [Int]
  private var access: [Bool]
  private var head = 0
  /// How much of the first piece the player has taken already.
  private var taken = 0
  /// Everything was dropped: nothing goes in before the next random access point.
  private var awaitingAccess = false

  /// - Parameter capacity: in datagrams; 4096 of them are 5.4 MB, ten seconds at 4.5 Mb/s.
  init(capacity: Int = 4096) {
    self.capacity = capacity
    bytes = [UInt8](repeating: 0, count: capacity * Self.slotSize)
    lengths = [Int](repeating: 0, count: capacity)
    access = [Bool](repeating: false, count: capacity)
  }

  /// Adds whole packets, at most seven; `isAccess` where a random access point stands among them.
  mutating func append(_ packets: Span<UInt8>, isAccess: Bool) {
    if count == capacity { dropOldest() }
    if awaitingAccess && !isAccess {
      dropped += 1
      return
    }
    awaitingAccess = false
    let slot = (head + count) % capacity
    var room = bytes.mutableSpan
    let start = slot * Self.slotSize
    for index in 0..<packets.count { room[start + index] = packets[index] }
    lengths[slot] = packets.count
    access[slot] = isAccess
    count += 1
  }

  /// Hands over what is there, oldest first, until `write` takes less than it is given.
  ///
  /// - Parameter write: returns how many bytes it took.
  mutating func drain<Failure: Error>(_ write: (Span<UInt8>) throws(Failure) -> Int) throws(Failure) {
    while count > 0 {
      let start = head * Self.slotSize
      let rest = start + taken..<start + lengths[head]
      taken += try write(bytes.span.extracting(rest))
      guard taken >= lengths[head] else { return }
      taken = 0
      head = (head + 1) % capacity
      count -= 1
    }
  }

  /// Forgets everything, for a new player; it too must begin at a random access point.
  mutating func clear() {
    count = 0
    taken = 0
    awaitingAccess = true
  }

  private mutating func dropOldest() {
    // A piece that the player has half is not taken away from it.
    let first = taken > 0 ? 1 : 0
    var target = first + 1
    while target < count && !access[(head + target) % capacity] { target += 1 }
    awaitingAccess = target >= count
    dropped += UInt64(target - first)
    if first == 1 { moveHead(by: target - 1) } else { head = (head + target) % capacity }
    count -= target - first
  }

  private mutating func moveHead(by distance: Int) {
    let slot = (head + distance) % capacity
    let (from, to) = (head * Self.slotSize, slot * Self.slotSize)
    var room = bytes.mutableSpan
    for index in 0..<Self.slotSize { room[to + index] = room[from + index] }
    lengths[slot] = lengths[head]
    access[slot] = access[head]
    head = slot
  }
}
