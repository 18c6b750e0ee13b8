import Wire

/// What servers have told of a station's datagrams, by number: when each is due and a digest of its bytes. It knows those of
/// the last second or more and those that come next.
struct MarkBoard: Sendable {
  /// What became of a mark.
  enum Verdict { case new, same, differs }

  private static let known: UInt8 = 0x80

  /// A power of two; 0 where marks are of no use.
  let capacity: Int
  /// Those that there may be marks of.
  private(set) var first: Int64 = 0
  private(set) var end: Int64 = 0
  private var digests: [UInt64]
  private var timestamps: [UInt32]
  /// Whether there is one, and which sources have brought its datagram: a bit each.
  private var flags: [UInt8]

  /// - Parameter capacity: in datagrams, a power of two; or 0.
  init(capacity: Int) {
    self.capacity = capacity
    digests = [UInt64](repeating: 0, count: capacity)
    timestamps = [UInt32](repeating: 0, count: capacity)
    flags = [UInt8](repeating: 0, count: capacity)
  }

  var isEmpty: Bool { first == end }

  /// Takes a mark in.
  ///
  /// - Parameter isTrusted: whether it is right where another one was there before, or where all before stood behind it.
  mutating func put(_ number: Int64, _ mark: MarkFrame.Mark, isTrusted: Bool) -> Verdict {
    let reach = Int64(capacity)
    if isEmpty || number >= end + reach || number < end - reach {
      guard isEmpty || isTrusted || number > end else { return .differs }
      (first, end) = (number, number)
    }
    while end <= number {
      flags[place(end)] = 0
      end += 1
    }
    first = max(first, end - reach)
    while first > number {
      first -= 1
      flags[place(first)] = 0
    }
    let at = place(number)
    if flags[at] & Self.known != 0 {
      let isSame = digests[at] == mark.digest && timestamps[at] == mark.timestamp
      if isSame || !isTrusted { return isSame ? .same : .differs }
    }
    (digests[at], timestamps[at], flags[at]) = (mark.digest, mark.timestamp, Self.known)
    return .new
  }

  /// What was told of a datagram.
  func mark(of number: Int64) -> MarkFrame.Mark? {
    guard number >= first, number < end, flags[place(number)] & Self.known != 0 else { return nil }
    return .init(timestamp: timestamps[place(number)], digest: digests[place(number)])
  }

  /// The number of a datagram with this digest: the nearest to `next`, and rather one that this source has not brought yet, for
  /// many a station sends the same bytes again and again.
  ///
  /// - Parameter behind: how far it may have come too late.
  func number(of digest: UInt64, near next: Int64, by source: Int, behind: Int64) -> Int64? {
    let next = min(max(next, first), end)
    let (ahead, behind) = (end - next, min(next - first, behind))
    var seen: Int64?
    var distance: Int64 = 0
    while distance < ahead || distance < behind {
      if distance < ahead, has(digest, next + distance) {
        guard flags[place(next + distance)] & bit(source) != 0 else { return next + distance }
        seen = seen ?? next + distance
      }
      if distance < behind, has(digest, next - 1 - distance) {
        guard flags[place(next - 1 - distance)] & bit(source) != 0 else { return next - 1 - distance }
        seen = seen ?? next - 1 - distance
      }
      distance += 1
    }
    return seen
  }

  /// The number of the only datagram with this digest; nil where there is none, or another one.
  func onlyNumber(of digest: UInt64) -> Int64? {
    var found: Int64?
    var number = first
    while number < end {
      if has(digest, number) {
        guard found == nil else { return nil }
        found = number
      }
      number += 1
    }
    return found
  }

  /// A source has brought this datagram.
  mutating func see(_ number: Int64, by source: Int) { flags[place(number)] |= bit(source) }

  private func has(_ digest: UInt64, _ number: Int64) -> Bool {
    let at = place(number)
    return digests[at] == digest && flags[at] & Self.known != 0
  }

  private func bit(_ source: Int) -> UInt8 { 1 << UInt8(min(source, 6)) }
  private func place(_ number: Int64) -> Int { Int(truncatingIfNeeded: number) & (capacity - 1) }
}
