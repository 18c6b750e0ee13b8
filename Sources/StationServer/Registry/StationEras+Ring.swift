import Playout
import Tape
import TransportStream

extension StationEras {
  /// Where a live era can begin at or after `date`: at a random access point of what is on, or after a ring that nobody
  /// writes any more. Nil when nothing is on.
  func boundary(forRingAfter date: Ticks) throws(TapeError) -> EraBoundary? {
    guard var index = eras.lastIndex(where: { $0.record.start <= date }) ?? eras.indices.first else { return nil }
    if eras[index].ring != nil, index + 1 < eras.count { index += 1 }
    let last = eras[index]
    guard let ring = last.ring else {
      return try last.boundary(after: max(date, last.record.start), at: .randomAccess)
    }
    return last.boundary(afterRing: ring.counts, at: end(of: ring, notBefore: date))
  }

  /// When something else can follow a ring that nobody writes any more.
  func end(of ring: Ring, notBefore date: Ticks) -> Ticks {
    let start = eras.last { $0.record.ring == ring.path }?.record.start ?? date
    let last = ring.entry(ring.count - 1)?.date ?? start
    return max(date, last + .ninetyKilohertz(1), start + .ninetyKilohertz(1)).wholeCounts
  }

  /// Takes a ring off that was to begin later: what is on goes on.
  ///
  /// - Returns: whether it could be: it is last, something comes before it, and it does not begin soon.
  mutating func withdraw(_ ring: String, at now: Ticks) -> Bool {
    guard let last = eras.last, eras.count > 1, last.record.ring == ring, last.record.start > now + Self.notice else {
      return false
    }
    return set(Array(eras.dropLast()), at: now)
  }

  /// Where the live era ends whose recorder has left at `date`; nil when the ring is not what is on last.
  func boundary(afterRing path: String, at date: Ticks) -> EraBoundary? {
    // As it was opened: the file may be gone.
    guard let last = eras.last, last.record.ring == path, let ring = last.ring else { return nil }
    return last.boundary(afterRing: ring.counts, at: date)
  }

  /// Puts a ring on the air whose recorder was told to begin at `boundary`, or at `date` when nothing was on.
  ///
  /// - Returns: whether anything changed.
  mutating func play(_ ring: Ring, from date: Ticks, at boundary: EraBoundary?, now: Ticks) throws(TapeError) -> Bool {
    guard let boundary else { return set([try Era.first(ring, from: date)], at: now) }
    // What was to begin later has not been seen by anyone.
    let kept = eras.filter { $0.record.start < boundary.date } + [try boundary.era(ring)]
    return set(kept, at: now)
  }

  /// Has a ring that nobody has been sent yet count on from what another server has sent of the same station: a little further
  /// than that can have come.
  ///
  /// - Parameters:
  ///   - datagram: which was due next there.
  ///   - date: when that was so.
  /// - Returns: whether anything changed.
  mutating func countOn(from datagram: Int64, at date: Ticks, now: Ticks) throws(TapeError) -> Bool {
    guard let last = eras.last, let ring = last.ring, let station, last.record.start <= now else { return false }
    let next = station.index(at: now)
    let begun = max(last.record.start, now - .seconds(1))
    let span = (now - begun).inSeconds
    let rate = span > 0 ? Double(next - station.index(at: begun)) / span : 0
    let passed = max(0, (now - date).inSeconds)
    var record = last.record
    record.base.datagrams += datagram + Int64(rate * (passed * 1.02 + 1)) + Self.twinMargin - next
    return set([try Era(record, ring: ring)], at: now)
  }

  /// So many datagrams more than what the other one is reckoned to have sent.
  private static let twinMargin: Int64 = 64
}
