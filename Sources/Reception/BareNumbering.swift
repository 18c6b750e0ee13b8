import TransportStream
import Wire

/// How datagrams without RTP get their numbers. Servers' marks tell them by their bytes; where no server says anything, they
/// are counted as they come, until one does.
struct BareNumbering: Sendable {
  /// So many of those that were counted are remembered.
  private static let depth: Int64 = 1024
  private static let none: UInt8 = 0xFF

  var board: MarkBoard
  var shelf = BareShelf()
  /// The digests of the marks that have just come.
  var news: [UInt64] = []
  /// The server's time and its next datagram, when it answered last: Unix time in 90 kHz.
  var told: (date: Int64, next: Int64) = (0, 0)

  /// Since when there are such as marks do not tell, and none that they tell, in steady nanoseconds.
  var unknownSince = Int64.min / 2

  /// Whether datagrams are counted; the number that comes next, and whose they are.
  private(set) var isCounting = false
  private(set) var next: Int64 = 0
  var source = 0
  /// How often others were missing before one, as its packets' continuity counters say.
  var breaks: Int64 = 0

  /// Of each source, the number behind the highest that it has brought.
  private var expected: [Int64]
  /// How far a datagram may come behind others, in datagrams.
  private let behind: Int64
  private var digests: [UInt64] = []
  private var counters: [UInt8] = []

  /// - Parameters:
  ///   - isUsed: whether there is no RTP.
  ///   - sources: how many.
  ///   - capacity: a power of two; so many marks are kept.
  ///   - rate: the station's datagrams in a second.
  init(isUsed: Bool, sources: Int, capacity: Int, rate: Int) {
    board = MarkBoard(capacity: isUsed ? capacity : 0)
    expected = [Int64](repeating: 0, count: sources)
    behind = Int64(min(max(256, rate), capacity))
    guard isUsed else { return }
    shelf.open(rate: rate)
    news.reserveCapacity(MarkFrame.most)
    digests = [UInt64](repeating: 0, count: Int(Self.depth))
    counters = [UInt8](repeating: Self.none, count: 8192)
  }

  mutating func addSource() { expected.append(0) }

  // MARK: by marks

  /// What marks tell of a datagram.
  enum Finding {
    case unknown
    /// Several look so, and nobody knows which of them has come.
    case ambiguous
    case number(Int64, timestamp: UInt32)
  }

  /// Looks a datagram up in the marks.
  ///
  /// - Parameter isSteady: whether the source has brought others just before; else only bytes that are nowhere else say where
  ///   it stands.
  mutating func find(_ digest: UInt64, by source: Int, isSteady: Bool) -> Finding {
    let near = board.number(of: digest, near: expected[source], by: source, behind: isSteady ? behind : .max)
    guard let found = isSteady || near == nil ? near : board.onlyNumber(of: digest) else {
      return near == nil ? .unknown : .ambiguous
    }
    guard let mark = board.mark(of: found) else { return .unknown }
    board.see(found, by: source)
    expected[source] = isSteady ? max(expected[source], found + 1) : found + 1
    return .number(found, timestamp: mark.timestamp)
  }

  /// Whether one of the marks that have just come, in ascending order, is of this digest.
  func isNews(_ digest: UInt64) -> Bool {
    var (low, high) = (0, news.count)
    while low < high {
      let middle = (low + high) / 2
      if news[middle] < digest { low = middle + 1 } else { high = middle }
    }
    return low < news.count && news[low] == digest
  }

  // MARK: by counting

  /// From now on datagrams are counted.
  mutating func count(from number: Int64, by source: Int) {
    (isCounting, next, breaks, self.source) = (true, number, 0, source)
    for index in counters.indices { counters[index] = Self.none }
  }

  /// Marks tell their numbers again; the one that comes next has about this one.
  mutating func stopCounting(near number: Int64) {
    guard isCounting else { return }
    isCounting = false
    expected[source] = number
  }

  /// Counts one; nil when it is the one before once more.
  mutating func count(_ packets: Span<UInt8>, _ digest: UInt64) -> (number: Int64, isBroken: Bool)? {
    let isBroken = !goesOn(packets)
    if isBroken, self.digest(of: next - 1) == digest { return nil }
    if isBroken { breaks += 1 }
    digests[place(next)] = digest
    next += 1
    return (next - 1, isBroken)
  }

  /// The digest of one that was counted, if it is remembered.
  func digest(of number: Int64) -> UInt64? {
    number < next && number >= next - Self.depth ? digests[place(number)] : nil
  }

  /// The first one at or behind `first` of which marks tell the number, and that.
  func told(from first: Int64) -> (counted: Int64, number: Int64)? {
    var counted = max(first, next - Self.depth)
    while counted < next {
      if let number = board.onlyNumber(of: digests[place(counted)]) { return (counted, number) }
      counted += 1
    }
    return nil
  }

  private func place(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & Int(Self.depth - 1) }

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
}
