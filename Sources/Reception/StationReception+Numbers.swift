import Wire

/// What the numbers of datagrams are: RTP tells 16 bits, a reply all, and dates which of many they belong to.
extension StationReception {
  /// The number of a datagram near the newest one; nil where 16 bits cannot tell.
  func number(_ header: RTPHeader) -> Int64? {
    let ahead = Int64(Int32(bitPattern: header.timestamp &- edgeTimestamp))
    guard abs(ahead) <= reach else { return nil }
    return edge + Int64(Int16(bitPattern: header.sequenceNumber &- UInt16(truncatingIfNeeded: edge)))
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
    (edge, edgeTimestamp) = (number, header.timestamp)
    for index in sources.indices {
      sources[index].agrees = index == source || sources.count == 1
      sources[index].newest = .min
    }
  }

  /// After a long silence a datagram is so far from the last one that its 16 bits say nothing: it goes on from there, with
  /// whatever number.
  mutating func numberAfterSilence(_ header: RTPHeader, _ source: Int, arrival: Int64) -> Int64? {
    guard now - progress > 1_000_000_000 else { return nil }
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
    edge += distance
    for index in sources.indices { sources[index].newest += distance }
    blocked = -1
    isAnchored = true
  }
}
