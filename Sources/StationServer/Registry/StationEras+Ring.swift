import Playout
import Tape
import TransportStream

extension StationEras {
  /// Where a live era can begin at or after `date`: at a random access point of what is on. Nil when nothing is on.
  func boundary(forRingAfter date: Ticks) throws(TapeError) -> EraBoundary? {
    guard let last = eras.last(where: { $0.record.start <= date }) ?? eras.last else { return nil }
    return try last.boundary(after: max(date, last.record.start), at: .randomAccess)
  }

  /// Where the live era ends whose recorder has left at `date`; nil when `ring` is not what is on last.
  func boundary(afterRing ring: Ring, at date: Ticks) throws(TapeError) -> EraBoundary? {
    guard let last = eras.last, last.record.ring == ring.path else { return nil }
    return last.boundary(afterRing: ring.counts, at: date)
  }

  /// Puts a ring on the air whose recorder was told to begin at `boundary`, or at `date` when nothing was on.
  ///
  /// - Returns: whether anything changed.
  mutating func play(_ ring: Ring, from date: Ticks, at boundary: EraBoundary?, now: Ticks) throws(TapeError) -> Bool {
    guard let boundary else { return set([try Era.first(ring, from: date)]) }
    // What was to begin later has not been seen by anyone.
    let kept = eras.filter { $0.record.start < boundary.date } + [try boundary.era(ring)]
    return set(Array(kept[Self.current(kept.map(\.record), at: now)]))
  }
}
