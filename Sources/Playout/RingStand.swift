import Tape
import TransportStream

/// Where a cursor stands on a ring: at a datagram that is there, or at the one that is to come next.
struct RingStand: Sendable {
  /// Dates that leap farther than this are looked at again by whoever knows what time it is.
  private static let leap = Ticks.seconds(5)
  /// So many damaged datagrams are passed over at a time.
  private static let passed = 64

  /// The station's number of the ring's datagram 0.
  private let base: Int64
  /// The number of the first datagram of the era after this one.
  private let end: Int64
  private let ring: Ring
  private let map: PacketBytes

  init(_ ring: Ring, of station: Station, era index: Int) {
    self.ring = ring
    base = station.eras[index].record.base.datagrams
    end = station.end(ofEra: index) ?? .max
    map = station.maps[index][0]
  }

  /// At the ring's datagram `k`, or the next one that is there. Of the first one in sight, any date is taken for granted.
  func position(at k: Int64, from start: Ticks) -> AirPosition {
    if let entry = ring.entry(k) {
      return AirPosition(n: base + k, date: entry.date, carriesClock: entry.carriesClock)
    }
    let last = ring.entry(min(k, ring.count) - 1).map { $0.date + .ninetyKilohertz(1) }
    return AirPosition(n: base + k, date: last ?? start, carriesClock: false, isPending: true)
  }

  // What follows changes nothing here; what is said to do so is called in place, and counts no reference.

  /// Moves `position` on by one; whether the era has another datagram.
  mutating func advance(_ position: inout AirPosition) -> Bool {
    let n = position.n + 1
    guard n < end else { return false }
    if let entry = ring.entry(n - base), entry.date > position.date, entry.date - position.date < Self.leap {
      position = AirPosition(n: n, date: entry.date, carriesClock: entry.carriesClock)
    } else {
      position = AirPosition(n: n, date: position.date + .ninetyKilohertz(1), carriesClock: false, isPending: true)
    }
    return true
  }

  /// Looks again for what was not there: passes over what is damaged, and over what is gone; whether the era goes on.
  mutating func look(_ position: inout AirPosition, now: Ticks) -> Bool {
    for _ in 0..<Self.passed {
      guard position.n < end else { return false }
      let k = position.n - base
      let count = ring.count
      guard k < count else { return true }
      if let entry = ring.entry(k), entry.date >= position.date, entry.date < now + Self.leap {
        position = AirPosition(n: position.n, date: entry.date, carriesClock: entry.carriesClock)
        return true
      }
      position.n = base + max(k + 1, min(ring.oldest, count))
    }
    return true
  }

  /// Writes datagram `n`, due at `date`, to the start of `target`; its length, 0 when it is gone, torn or no packets.
  mutating func fill(_ target: inout MutableSpan<UInt8>, _ n: Int64, _ date: Ticks, _ tables: borrowing StationTables)
    -> Int
  {
    let length = ring.copy(n - base, into: &target)
    for offset in stride(from: 0, to: length, by: TSPacket.size) {
      guard target[offset] == TSPacket.syncByte else { return 0 }
      let counter = target[offset + 3]
      switch UInt16(target[offset + 1] & 0x1F) << 8 | UInt16(target[offset + 2]) {
      case PID.pat: tables.writeAssociation(counter: counter, to: &target, at: offset)
      case PID.pmt: StationTables.write(map, counter: counter, to: &target, at: offset)
      case PID.sdt: tables.writeSlot(Int64(counter), to: &target, at: offset)
      case PID.tdt: tables.writeTime(date, counter: counter, to: &target, at: offset)
      default: break
      }
    }
    return length
  }
}
