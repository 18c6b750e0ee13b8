import Wire

/// What the numbers of datagrams are: RTP tells 16 bits, a reply all, and dates which of many they belong to.
extension StationReception {
  /// So many datagrams more than a station's rate allows are no wonder.
  private static let slack: Int64 = 64
  /// No datagram spans more than this, with something to spare: 90 kHz.
  private static let longest: Int64 = 9000
  /// What a datagram may be ahead beyond the time that has passed, in 90 kHz: what was lost, or stood in a queue.
  private static let leastAhead: Int64 = 45_000

  /// The number of a datagram that multicast brought; nil where it is not believed, or not known.
  ///
  /// One that does not go on from what is known counts only when nothing else comes, and when the next one goes on from it
  /// (RFC 3550, A.1): whoever sends something else to the group costs nobody what is the station's.
  mutating func number(_ header: RTPHeader, by source: Int, arrival: Int64) -> Int64? {
    let known = near(header, edge, edgeTimestamp)
    if let known, isDue(header) {
      if sources[source].doubt != nil { account(foreign: 1) }
      sources[source].doubt = nil
      unnumberedSince = .max
      clock.follow(header.timestamp, now: now)
      return known
    }
    guard isConfirmed(header, source), now - edgeSince >= silence else { return nil }
    guard let number = known ?? numberAsTold(header) else {
      return numberAfterSilence(header, source, arrival: arrival)
    }
    clock.set(header.timestamp, now: now)
    return number
  }

  /// The number of a datagram that goes on from what a server sends just now, though not from what came by multicast: that was
  /// another's, then.
  private mutating func numberAsTold(_ header: RTPHeader) -> Int64? {
    guard now - told.since < 1_000_000_000, told.number < edge, clock.isDue(header.timestamp, now: now),
      let number = near(header, told.number, told.timestamp)
    else { return nil }
    note(edge: told.number, told.timestamp)
    return number
  }

  /// The number of a datagram whose date goes with it, as another's do; nil where 16 bits cannot tell.
  private func near(_ header: RTPHeader, _ other: Int64, _ timestamp: UInt32) -> Int64? {
    let ahead = Int64(Int32(bitPattern: header.timestamp &- timestamp))
    let distance = Int64(Int16(bitPattern: header.sequenceNumber &- UInt16(truncatingIfNeeded: other)))
    guard abs(ahead) <= reach, goesWith(distance, ahead) else { return nil }
    return other + distance
  }

  /// Whether so many datagrams may have dates so far apart (90 kHz).
  private func goesWith(_ distance: Int64, _ ahead: Int64) -> Bool {
    let (count, time) = distance < 0 ? (-distance, -ahead) : (distance, ahead)
    // Sixteen times the rate: a datagram may have one packet instead of seven, and a station more than its mean for a while.
    return time >= -Self.longest && time <= (count + 1) * Self.longest
      && (count - Self.slack) * 90_000 <= max(0, time) * 16 * rate
  }

  /// Whether a datagram may have been sent already: after the last one, and by the time that it is.
  private func isDue(_ header: RTPHeader) -> Bool {
    guard clock.isDue(header.timestamp, now: now) else { return false }
    let ahead = Int64(Int32(bitPattern: header.timestamp &- edgeTimestamp))
    return ahead <= Self.leastAhead || ahead - Self.leastAhead <= (now - edgeSince) / 100_000 * 9
  }

  /// Whether the datagram before, which was not believed either, goes on with this one.
  mutating func isConfirmed(_ header: RTPHeader, _ source: Int) -> Bool {
    defer { sources[source].doubt = header }
    guard let doubt = sources[source].doubt else { return false }
    let distance = Int64(Int16(bitPattern: header.sequenceNumber &- doubt.sequenceNumber))
    let ahead = Int64(Int32(bitPattern: header.timestamp &- doubt.timestamp))
    guard distance != 0, abs(distance) <= Self.slack, goesWith(distance, ahead) else {
      account(foreign: 1)
      return false
    }
    return true
  }

  /// This is the newest datagram that is known of.
  mutating func note(edge number: Int64, _ timestamp: UInt32) {
    (edge, edgeTimestamp, edgeSince) = (number, timestamp, now)
  }

  /// Nobody has told where a station stands: its numbers are RTP's.
  mutating func beginAlone(_ header: RTPHeader, _ source: Int, arrival: Int64) {
    let number = Int64(header.sequenceNumber)
    var date = Int64(header.timestamp)
    if arrival > 0 {
      let rough = arrival / 100_000 * 9
      date = rough + Int64(Int32(bitPattern: header.timestamp &- UInt32(truncatingIfNeeded: rough)))
    }
    begin(at: number, date: date, as: .multicast, isAnchored: false)
    note(edge: number, header.timestamp)
    clock.set(header.timestamp, now: now)
    // What servers call it, they have to say anew.
    if sources.contains(where: { $0.isOpen }) { wantsRenewal = true }
    for index in sources.indices {
      sources[index].agrees = index == source || sources.count == 1
      sources[index].newest = .min
    }
  }

  /// After a long silence a datagram is so far from the last one that its 16 bits say nothing: servers are asked, and
  /// where none answers it goes on from there, with the number that RTP tells.
  private mutating func numberAfterSilence(_ header: RTPHeader, _ source: Int, arrival: Int64) -> Int64? {
    guard now - progress > 1_000_000_000, !isFed else { return nil }
    if isAnchored, hasServer {
      if unnumberedSince == .max {
        unnumberedSince = now
        wantsRenewal = true
        if mode == .multicast { follow() }
      }
      if now - unnumberedSince < connectionPatience { return nil }
    }
    beginAlone(header, source, arrival: arrival)
    return edge
  }

  /// The date of a datagram near the one that was taken last: Unix time in 90 kHz.
  func date(of timestamp: UInt32) -> Int64 {
    lastDate + Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: lastDate)))
  }

  /// Whether multicast may begin although no server has said where.
  var mayBeginAlone: Bool {
    isLive
      && (now - started >= Self.openingPatience
        || sources.allSatisfy { !$0.hasServer || ($0.failures > 1 && !$0.isOpen) })
  }

  /// Gives all that is here the numbers that a reply tells.
  mutating func anchor(_ next: Int64) {
    let distance = ((next - edge) / 32768 + (next >= edge ? 1 : -1)) / 2 * 65536
    window.renumber(by: distance)
    plan.renumber(by: distance)
    run.renumber(by: distance)
    losses.renumber(by: distance)
    edge += distance
    for index in sources.indices where sources[index].newest > .min { sources[index].newest += distance }
    blocked = -1
    isAnchored = true
  }
}
