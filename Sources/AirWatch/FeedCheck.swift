import TransportStream

/// What a tuner gave its player, held against the station's own datagrams, byte by byte: which of them are missing, what is
/// there that is not the station's, and when each one came.
///
/// A tuner may move continuity counters (each PID's by a constant), and PCR, PTS and DTS (all by the same constant). It begins
/// with PAT and PMT, and each stream with a PES packet: so the check begins with the first datagram that is there whole.
package struct FeedCheck: Sendable {
  package struct Gap: Codable, Equatable, Sendable {
    /// The first missing datagram's number, modulo 2^16, and how many.
    package let from: UInt16
    package let count: Int
    /// How many bytes of the feed come before it.
    package let at: Int
  }

  /// Datagrams of the station from the first one in the feed to the last, those missing included.
  package private(set) var datagrams = 0
  package private(set) var missing = 0
  /// The first of them, twenty at most.
  package private(set) var gaps: [Gap] = []
  /// Bytes that are no datagram of the station in its turn.
  package private(set) var strange = 0
  /// Bytes before the first whole datagram, and after the last.
  package private(set) var lead = 0
  package private(set) var tail = 0
  /// What was added to the clock's fields: 27 MHz, modulo 2^33 * 300.
  package private(set) var clockShift: UInt64 = 0
  /// When each datagram left less its date, nanoseconds; in order, without the missing ones.
  package var delays: [Int64] { moments.map(\.delay) }

  /// A datagram of the capture, by its place there, and its delay.
  private var moments: [(index: Int, delay: Int64)] = []

  private let capture: AirCapture
  private let feed: [UInt8]
  private var counterShifts: [UInt16: UInt8] = [:]
  private var knowsClock = false

  /// How far to look for the datagram that the feed goes on with: ten seconds at 4 Mb/s.
  private static let reach = 4_000
  private static let size = TSPacket.size

  /// - Parameter times: how many bytes of the feed had come at which date (Unix nanoseconds); both ascending.
  package init(_ capture: AirCapture, feed: [UInt8], times: [(bytes: Int, date: Int64)] = []) {
    self.capture = capture
    self.feed = feed
    guard var (index, at) = start() else {
      lead = feed.count
      return
    }
    lead = at
    var moment = 0
    let all = capture.datagrams
    while index < all.count, at + Self.size <= feed.count {
      if matches(all[index], at: at) {
        at += all[index].payload.count
        while moment < times.count, times[moment].bytes < at { moment += 1 }
        if moment < times.count { moments.append((index, capture.delay(of: all[index], at: times[moment].date))) }
        datagrams += 1
        index += 1
      } else if let (skipped, extra) = resume(from: index, at: at) {
        if skipped > 0 {
          if gaps.count < 20 {
            gaps.append(Gap(from: UInt16(truncatingIfNeeded: all[index].n), count: skipped, at: at))
          }
          missing += skipped
          datagrams += skipped
          index += skipped
        }
        strange += extra
        at += extra
      } else {
        break
      }
    }
    tail = feed.count - at
  }

  /// How much later each datagram left here than there, for those that did so in both; nanoseconds.
  package func delays(beside other: FeedCheck) -> [Int64] {
    let others = Dictionary(other.moments.map { ($0.index, $0.delay) }, uniquingKeysWith: { first, _ in first })
    return moments.compactMap { moment in others[moment.index].map { moment.delay - $0 } }
  }

  /// The first datagram with a stream's packet in front that is there whole, with the one after it.
  private mutating func start() -> (index: Int, at: Int)? {
    var places: [[UInt8]: [Int]] = [:]
    for (index, datagram) in capture.datagrams.enumerated() {
      guard let print = fingerprint(capture.bytes, datagram.payload.lowerBound) else { continue }
      places[print, default: []].append(index)
    }
    for at in stride(from: 0, through: min(feed.count - Self.size, 4 << 20), by: Self.size) {
      guard let print = fingerprint(feed, at) else { continue }
      for index in places[print] ?? [] where index + 1 < capture.datagrams.count {
        let next = at + capture.datagrams[index].payload.count
        let before = (counterShifts, clockShift, knowsClock)
        if matches(capture.datagrams[index], at: at), matches(capture.datagrams[index + 1], at: next) {
          return (index, at)
        }
        (counterShifts, clockShift, knowsClock) = before
      }
    }
    return nil
  }

  /// PID and last bytes of a stream's packet, which nobody changes.
  private func fingerprint(_ bytes: [UInt8], _ at: Int) -> [UInt8]? {
    guard let packet = TSPacket(bytes.span, at: at), packet.pid >= 0x20, packet.pid != PID.null, packet.hasPayload
    else { return nil }
    return [bytes[at + 1], bytes[at + 2]] + bytes[at + Self.size - 24..<at + Self.size]
  }

  /// Table and null packets look like others; what has a stream's packet in it is told apart.
  private func isTold(_ payload: Range<Int>) -> Bool {
    for at in stride(from: payload.lowerBound, to: payload.upperBound, by: Self.size)
    where fingerprint(capture.bytes, at) != nil {
      return true
    }
    return false
  }

  /// How many datagrams, and how many bytes of the feed, lie before the next place where both agree.
  private mutating func resume(from index: Int, at: Int) -> (skipped: Int, extra: Int)? {
    let all = capture.datagrams
    for extra in stride(from: 0, through: 8 * TSPacket.perDatagram * Self.size, by: Self.size) {
      for skipped in 0..<min(Self.reach, all.count - index) where extra > 0 || skipped > 0 {
        let payload = all[index + skipped].payload
        guard at + extra + Self.size <= feed.count,
          capture.bytes[payload.lowerBound + 2] == feed[at + extra + 2], isTold(payload)
        else { continue }
        if matches(all[index + skipped], at: at + extra) { return (skipped, extra) }
      }
    }
    return nil
  }

  /// Whether this datagram stands there in the feed; learns what was added to it, where that is not known yet.
  private mutating func matches(_ datagram: AirCapture.Datagram, at: Int) -> Bool {
    let range = datagram.payload
    guard at + range.count <= feed.count else { return false }
    var learned = self.counterShifts
    var shift = knowsClock ? clockShift : nil
    for offset in stride(from: 0, to: range.count, by: Self.size) {
      guard agrees(range.lowerBound + offset, at + offset, &learned, &shift) else { return false }
    }
    counterShifts = learned
    if let shift { (clockShift, knowsClock) = (shift, true) }
    return true
  }

  private func agrees(
    _ ours: Int, _ theirs: Int, _ shifts: inout [UInt16: UInt8], _ clock: inout UInt64?
  ) -> Bool {
    let (air, out) = (capture.bytes.span, feed.span)
    guard air[ours + 1] == out[theirs + 1], air[ours + 2] == out[theirs + 2],
      air[ours + 3] & 0xF0 == out[theirs + 3] & 0xF0
    else { return false }
    guard let packet = TSPacket(air, at: ours), TSPacket(out, at: theirs) != nil else { return false }
    if packet.pid != PID.null {
      let moved = (out[theirs + 3] &- air[ours + 3]) & 0x0F
      if shifts[packet.pid, default: moved] != moved { return false }
      shifts[packet.pid] = moved
    }
    var next = 4
    if let pcr = packet.pcrOffset {
      guard same(air, ours, out, theirs, next..<pcr),
        added(ClockReference.read(air, at: ours + pcr), ClockReference.read(out, at: theirs + pcr), &clock)
      else { return false }
      next = pcr + 6
    }
    if packet.payloadUnitStart,
      let header = PESHeader(air, at: ours + packet.payloadOffset, end: ours + Self.size)
    {
      for field in [header.ptsOffset, header.dtsOffset].compactMap(\.self) {
        let offset = packet.payloadOffset + field
        guard same(air, ours, out, theirs, next..<offset),
          added(
            TimeStamp.read(air, at: ours + offset) * 300, TimeStamp.read(out, at: theirs + offset) * 300, &clock)
        else { return false }
        next = offset + 5
      }
    }
    return same(air, ours, out, theirs, next..<Self.size)
  }

  private func same(
    _ air: Span<UInt8>, _ ours: Int, _ out: Span<UInt8>, _ theirs: Int, _ range: Range<Int>
  ) -> Bool {
    for index in range where air[ours + index] != out[theirs + index] { return false }
    return true
  }

  /// Whether a field went on by as much as all others.
  private func added(_ before: UInt64, _ after: UInt64, _ shift: inout UInt64?) -> Bool {
    let modulus = UInt64(ClockReference.modulus)
    let moved = (after + modulus - before) % modulus
    if let shift { return shift == moved }
    shift = moved
    return true
  }
}
