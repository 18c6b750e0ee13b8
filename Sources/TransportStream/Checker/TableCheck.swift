/// How often one table comes by: on the stream's own clock, and by arrival.
struct TableCheck: Sendable {
  private(set) var count = 0
  private(set) var longest = Ticks.zero
  private(set) var longestByArrival = Ticks.zero
  /// The CRC of the section seen last: the next one is read only when it differs.
  private(set) var checksum: UInt32?

  private var date: Ticks?
  private var arrival: Ticks?

  /// The stream's clock begins here: from now on the table is waited for.
  mutating func begin(at date: Ticks) { self.date = date }

  /// The table came by at `date` on the stream's clock; returns how long it had been waited for.
  mutating func take(at date: Ticks) -> Ticks {
    let interval = self.date.map { date - $0 } ?? .zero
    self.date = date
    longest = max(longest, interval)
    return interval
  }

  mutating func arrive(at arrival: Ticks?) {
    count += 1
    if let arrival, let last = self.arrival { longestByArrival = max(longestByArrival, arrival - last) }
    self.arrival = arrival
  }

  /// True when a section with this CRC is another one than the last.
  mutating func isNew(_ checksum: UInt32) -> Bool {
    defer { self.checksum = checksum }
    return checksum != self.checksum
  }

  /// How long the table has been waited for when the stream ends at `date`.
  func waiting(at date: Ticks) -> Ticks { self.date.map { date - $0 } ?? .zero }
}
