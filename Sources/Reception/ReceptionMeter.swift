import TransportStream

/// Measures how a station's datagrams arrive, second by second: interarrival jitter (RFC 3550), the media delivery index
/// (RFC 4445), the jitter of its clock references, and the delay on the way. Pure: no clock, no I/O, nothing allocated.
///
/// All times are taken from each datagram's *transit*: its arrival less its date, by which the sender sent it. Transits
/// differ only by what the network (and the sender's haste) does to datagrams, whatever the station's rate.
package struct ReceptionMeter: Sendable {
  /// How reception was over one second; durations in microseconds unless said otherwise.
  package struct Second: Sendable, Hashable {
    /// Datagrams that multicast brought.
    package var datagrams = 0
    /// Bit/s of transport stream that multicast brought.
    package var bitrate = 0
    /// Interarrival jitter (RFC 3550, section 6.4.1), a mean that follows the last dozens of datagrams.
    package var jitter = 0
    /// MDI's delay factor (RFC 4445, section 3.1): how long a buffer must be that takes up how unevenly datagrams came.
    package var delayFactor = 0
    /// MDI's media loss rate (RFC 4445, section 3.2): lost or out-of-order transport packets.
    package var mediaLossRate = 0
    /// The most that a clock reference's transit was off the mean of the second.
    package var clockJitter = 0
    /// Milliseconds from a datagram's date to its arrival, the mean of those with clock references, which a sender sends
    /// on their dates, less a lead, where it may be earlier still with others; nil where arrivals have no date, or where one of the
    /// two clocks is not kept or must be wrong.
    package var delay: Double?

    package init() {}
  }

  /// A datagram with a transit this far from that of the one before, in nanoseconds, is not late: a clock was set.
  private static let step: Int64 = 2_000_000_000
  /// Delays that can be true, in nanoseconds: a sender is early by no more than its grain, and no network holds a datagram
  /// for longer.
  private static let believable: ClosedRange<Int64> = -50_000_000...step

  /// More than can be missing in a second, whatever numbers say.
  private static let most = 1 << 32

  private var dates = SenderClock(modulus: 1 << 32 * 300)
  private var references = SenderClock(modulus: ClockReference.modulus)
  /// Sixteen times the jitter in nanoseconds, as in RFC 3550, appendix A.8.
  private var jitter: Int64 = 0
  private var lastTransit: Int64?
  /// Of the last clock reference.
  private var lastClock: Int64?
  /// Whether arrivals are dated by the kernel; else they are steady times.
  private var hasDates = false
  /// Whether the sender's clock and the kernel's can be compared: else the delay is not told.
  package var comparesClocks: Bool

  // Of this second.
  private var began: Int64?
  private var datagrams = 0
  private var bytes = 0
  private var missing = 0
  private var disorder = 0
  private var transits = Spread()
  private var clocks = Spread()
  /// Date of the newest datagram, of the second's first, and how many came after that one up to the newest.
  private var newest: Ticks?
  private var first: Ticks?
  private var sinceFirst = 0
  private var untilNewest = 0
  /// Transport packets in the last datagram: as many as one that is missing has had.
  private var packetsEach = 7

  package init(comparesClocks: Bool = true) { self.comparesClocks = comparesClocks }

  /// A datagram of the station has come by multicast, not for the second time.
  ///
  /// - Parameters:
  ///   - timestamp: RTP's; nil where there is no RTP, so that only clock references are dated.
  ///   - packets: its transport packets.
  ///   - arrival: when the kernel had it, in Unix nanoseconds; 0 where that is not known.
  ///   - now: steady nanoseconds.
  package mutating func multicast(timestamp: UInt32?, packets: Span<UInt8>, arrival: Int64, now: Int64) {
    if began == nil { began = now }
    datagrams += 1
    bytes += packets.count
    packetsEach = max(1, packets.count / TSPacket.size)
    sinceFirst += 1
    if hasDates != (arrival > 0) {
      hasDates = arrival > 0
      restart()
    }
    let at = hasDates ? arrival : now
    let reference = Self.clockReference(packets)
    let clock = reference.map { references.transit(of: Int64($0), at: at) }
    // Clock references leap by themselves where a sender sends others under the same timestamps.
    if let clock, let lastClock, abs(clock - lastClock) >= Self.step {
      if timestamp == nil { return restart() }
      references.isKnown = false
      (clocks, self.lastClock) = (Spread(), nil)
    } else if let clock {
      clocks.add(clock)
      lastClock = clock
    }
    if let timestamp {
      note(dates.transit(of: Int64(timestamp) * 300, at: at), date: dates.date)
    } else if let clock {
      note(clock, date: references.date)
    }
  }

  /// So many datagrams did not come by multicast, whether they were repaired or not.
  package mutating func missed(_ datagrams: Int) { missing = min(missing + min(datagrams, Self.most), Self.most) }

  /// What the time since the last call was like; to be called about once a second.
  ///
  /// - Parameter now: steady nanoseconds.
  package mutating func second(now: Int64) -> Second {
    var result = Second()
    result.datagrams = datagrams
    if let began, now > began { result.bitrate = Int(Double(bytes) * 8e9 / Double(now - began)) }
    result.jitter = Int((jitter >> 4) / 1_000)
    result.mediaLossRate = (missing + disorder) * packetsEach
    if transits.count > 0 {
      // RFC 4445's buffer fills by a datagram when it comes and drains at the media rate, here as the dates have it: so
      // its level, in time, moves as the transits do, and by a datagram's own time between just before and just after.
      var each: Int64 = 0
      if let first, let newest, untilNewest > 0 { each = (newest - first).nanoseconds / Int64(untilNewest) }
      result.delayFactor = Int((transits.most - transits.least + max(0, each)) / 1_000)
      let delay = clocks.count > 0 ? clocks.mean : transits.mean
      if hasDates, comparesClocks, Self.believable.contains(delay) {
        result.delay = (Double(delay) / 1e4).rounded() / 100
      }
    }
    if clocks.count > 0 {
      result.clockJitter = Int(max(clocks.most - clocks.mean, clocks.mean - clocks.least) / 1_000)
    }
    (datagrams, bytes, missing, disorder, began) = (0, 0, 0, 0, now)
    (transits, clocks) = (Spread(), Spread())
    (newest, first, sinceFirst, untilNewest) = (nil, nil, 0, 0)
    return result
  }

  private mutating func note(_ transit: Int64, date: Ticks) {
    if let lastTransit {
      let difference = abs(transit - lastTransit)
      guard difference < Self.step else { return restart() }
      jitter += difference - ((jitter + 8) >> 4)
    }
    lastTransit = transit
    transits.add(transit)
    if first == nil { (first, sinceFirst) = (date, 0) }
    if let newest, date < newest {
      disorder += 1
    } else {
      (newest, untilNewest) = (date, sinceFirst)
    }
  }

  /// One of the clocks was set: what was measured by it cannot be compared with what comes.
  private mutating func restart() {
    (dates.isKnown, references.isKnown) = (false, false)
    (transits, clocks) = (Spread(), Spread())
    (newest, first, lastTransit, lastClock) = (nil, nil, nil, nil)
    (sinceFirst, untilNewest) = (0, 0)
  }

  /// The first clock reference in a datagram (ISO/IEC 13818-1, 2.4.3.5).
  static func clockReference(_ packets: Span<UInt8>) -> UInt64? {
    var offset = 0
    while offset + TSPacket.size <= packets.count {
      if packets[offset + 3] & 0x20 != 0, packets[offset + 4] >= 7, packets[offset + 5] & 0x10 != 0 {
        return ClockReference.read(packets, at: offset + 6)
      }
      offset += TSPacket.size
    }
    return nil
  }
}

/// A sender's clock, of which datagrams carry the low digits.
private struct SenderClock: Sendable {
  /// The clock's whole count at the last datagram, in ticks; before the first one nothing.
  private(set) var date = Ticks.zero
  var isKnown = false
  private let modulus: Int64

  /// - Parameter modulus: ticks after which the digits begin again.
  init(modulus: Int64) { self.modulus = modulus }

  /// Nanoseconds from the date that `digits` (ticks) stand for, the one nearest to the last or else to the arrival, to the
  /// arrival (nanoseconds).
  mutating func transit(of digits: Int64, at arrival: Int64) -> Int64 {
    // A transit that has crept away from any that can be begins anew as well.
    let isNear = isKnown && (Ticks(nanoseconds: arrival) - date).count.magnitude < modulus.magnitude
    let near = isNear ? date : Ticks(nanoseconds: arrival)
    let ahead = (digits - near.count).flooredDivision(by: modulus).remainder
    date = near + Ticks(ahead >= modulus / 2 ? ahead - modulus : ahead)
    isKnown = true
    return arrival - date.nanoseconds
  }
}

/// The extremes and the mean of some times.
private struct Spread: Sendable {
  private(set) var count: Int64 = 0
  private(set) var least = Int64.max
  private(set) var most = Int64.min
  private var origin: Int64 = 0
  /// Exact as far as 53 bits go, and with no end: a sender of anything adds whatever it likes.
  private var sum = 0.0

  var mean: Int64 { count > 0 ? origin + Int64(sum / Double(count)) : 0 }

  mutating func add(_ value: Int64) {
    if count == 0 { origin = value }
    count += 1
    sum += Double(value - origin)
    least = min(least, value)
    most = max(most, value)
  }
}
