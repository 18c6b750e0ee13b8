import NIOCore

/// Whose turn it is to be opened: of each station a few at a time, and the others in the order in which they came.
struct OpeningQueue<Member: AnyObject> {
  /// So many of a station's are opened at a time.
  let most: Int
  /// By their stations.
  private var opening: [Int: Int] = [:]
  private var waiting: [Int: CircularBuffer<Member>] = [:]

  init(most: Int) { self.most = most }

  /// How many wait for their turn.
  var count: Int { waiting.values.reduce(0) { $0 + $1.count } }

  /// Takes one in; whether it is its turn at once. ``next(of:)`` must follow when that is over.
  mutating func enter(_ member: Member, of station: Int) -> Bool {
    guard opening[station, default: 0] < most else {
      waiting[station, default: []].append(member)
      return false
    }
    opening[station, default: 0] += 1
    return true
  }

  /// One's turn is over: whose it is now; nil when nobody waits.
  mutating func next(of station: Int) -> Member? {
    let next = waiting[station]?.popFirst()
    if waiting[station]?.isEmpty == true { waiting[station] = nil }
    guard next == nil else { return next }
    let left = opening[station, default: 1] - 1
    opening[station] = left > 0 ? left : nil
    return nil
  }

  /// One waits no more.
  mutating func leave(_ member: Member, of station: Int) {
    guard let index = waiting[station]?.firstIndex(where: { $0 === member }) else { return }
    waiting[station]?.remove(at: index)
    if waiting[station]?.isEmpty == true { waiting[station] = nil }
  }
}
