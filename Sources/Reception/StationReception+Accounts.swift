/// What has come and what became of it, as people are shown.
extension StationReception {
  /// A datagram of the station has come, for the first time.
  mutating func account(_ number: Int64, bytes: Int, byStream: Bool) {
    progress = now
    figures.received += 1
    figures.bytes += UInt64(bytes)
    figures.lastArrival = now
    _ = plan.fill(number, isRepair: byStream, now: now)
    if byStream, losses.hasPassed(number) { accountMended(number) }
  }

  /// Multicast has brought a datagram: what it did not bring before that one, and a stream connection did, is repaired.
  mutating func accountBehind(_ number: Int64) {
    losses.note(number)
    while let passed = losses.next() { accountMended(passed) }
  }

  /// A stream connection may have brought what multicast has not. Nobody misses that where all comes that way.
  private mutating func accountMended(_ number: Int64) {
    guard figures.path != .stream, window.mend(number) else { return }
    figures.repaired += 1
    meter.missed(1)
  }

  /// So many datagrams will never come. A server that leaps to and fro loses more than there are numbers.
  mutating func account(lost count: Int) {
    figures.lost = min(figures.lost + UInt64(clamping: count), Self.mostLost)
  }
  private static let mostLost: UInt64 = 1 << 60

  mutating func account(foreign count: UInt64) { figures.foreign += count }

  /// Whether a source is left out, because it sends other datagrams than the rest.
  mutating func account(_ source: Int, isOutOfStep: Bool) {
    let bit: UInt8 = 1 << UInt8(truncatingIfNeeded: source)
    figures.outOfStep = isOutOfStep ? figures.outOfStep | bit : figures.outOfStep & ~bit
  }

  /// A datagram has come by multicast, whatever became of it.
  mutating func account(_ verdict: ReceiveWindow.Verdict, isBehind: Bool) {
    switch verdict {
    // Of several servers, each sends everything.
    case .duplicate, .past: if sources.count == 1 { figures.duplicates += 1 }
    case .late: figures.late += 1
    case .differs, .refused: figures.foreign += 1
    case .new, .again: if isBehind { figures.reordered += 1 }
    case .beyond: break
    }
  }

  mutating func arrived(_ timestamp: UInt32?, _ packets: Span<UInt8>, at arrival: Int64, isNew: Bool) {
    figures.lastArrival = now
    if isNew { meter.multicast(timestamp: timestamp, packets: packets, arrival: arrival, now: now) }
  }
}
