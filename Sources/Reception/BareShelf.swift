import TransportStream

/// Datagrams that came without RTP, and whose marks have not come yet: in the order in which they came.
///
/// All memory is taken at the start, but touched only as far as it is used.
struct BareShelf: Sendable {
  struct Entry: Sendable {
    var source: Int
    var digest: UInt64
    /// When the kernel had it, in Unix nanoseconds, and when it came here, in steady ones.
    var arrival: Int64
    var came: Int64
    fileprivate var slot: Int
    fileprivate var length: Int
  }

  /// So many are kept.
  private(set) var most = 0
  private static let slotSize = ReceiveWindow.slotSize

  private(set) var entries: [Entry] = []
  private var bytes: [UInt8] = []
  private var free: [Int] = []

  /// Takes up no memory until ``open(rate:)``.
  init() {}

  /// - Parameter rate: the station's datagrams in a second; those of half a second are kept, and a few at the least.
  mutating func open(rate: Int) {
    most = min(max(512, rate / 2), 8192)
    entries.reserveCapacity(most)
    bytes.reserveCapacity(most * Self.slotSize)
    free.reserveCapacity(most)
  }

  /// Takes one in; of more than ``most``, the oldest go.
  ///
  /// - Parameters:
  ///   - packets: at most ``ReceiveWindow/slotSize`` bytes.
  ///   - arrival: Unix nanoseconds.
  ///   - now: steady nanoseconds.
  mutating func put(_ packets: Span<UInt8>, _ digest: UInt64, by source: Int, arrival: Int64, now: Int64) {
    if entries.count == most {
      // Some at once, for the others have to move up.
      for entry in entries.prefix(most / 8) { free.append(entry.slot) }
      entries.removeFirst(most / 8)
    }
    let slot: Int
    if let given = free.popLast() {
      slot = given
    } else {
      slot = bytes.count / Self.slotSize
      bytes.append(addingCapacity: Self.slotSize) { $0.append(repeating: 0, count: Self.slotSize) }
    }
    var room = bytes.mutableSpan
    for index in 0..<packets.count { room[slot * Self.slotSize + index] = packets[index] }
    entries.append(
      Entry(source: source, digest: digest, arrival: arrival, came: now, slot: slot, length: packets.count))
  }

  /// Offers all of them, the oldest first; those that `body` takes are gone.
  mutating func offer(_ body: (Entry, Span<UInt8>) -> Bool) {
    var kept = 0
    for index in entries.indices {
      let entry = entries[index]
      let start = entry.slot * Self.slotSize
      if body(entry, bytes.span.extracting(start..<start + entry.length)) {
        free.append(entry.slot)
      } else {
        entries[kept] = entry
        kept += 1
      }
    }
    entries.removeLast(entries.count - kept)
  }
}
