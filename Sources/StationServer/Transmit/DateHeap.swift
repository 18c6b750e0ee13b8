import TransportStream

/// Who is due when: a binary heap of dates, the earliest on top, in storage allocated once.
struct DateHeap: Sendable {
  struct Entry: Hashable, Sendable {
    var date: Ticks
    /// Which slot is due; of two due at once, the lower comes first.
    var slot: Int

    static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
      left.date.count != right.date.count ? left.date.count < right.date.count : left.slot < right.slot
    }
  }

  private var entries: [Entry] = []

  /// Room for `capacity` entries; more would allocate.
  init(capacity: Int) {
    entries.reserveCapacity(capacity)
  }

  /// The earliest.
  var first: Entry? { entries.first }

  mutating func insert(_ entry: Entry) {
    var child = entries.count
    entries.append(entry)
    while child > 0 {
      let parent = (child - 1) / 2
      guard Entry.isBefore(entry, entries[parent]) else { break }
      entries[child] = entries[parent]
      child = parent
    }
    entries[child] = entry
  }

  /// Gives the earliest entry a new date; does nothing in an empty heap.
  mutating func postponeFirst(to date: Ticks) {
    guard let top = entries.first else { return }
    sink(Entry(date: date, slot: top.slot))
  }

  /// Takes the earliest entry out; does nothing in an empty heap.
  mutating func removeFirst() {
    guard let last = entries.popLast(), !entries.isEmpty else { return }
    sink(last)
  }

  /// Puts an entry in the place of the first.
  private mutating func sink(_ entry: Entry) {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, Entry.isBefore(entries[child + 1], entries[child]) { child += 1 }
      guard Entry.isBefore(entries[child], entry) else { break }
      entries[parent] = entries[child]
      parent = child
    }
    entries[parent] = entry
  }
}
