/// What has come and what became of it, as people are shown.
extension StationReception {
  /// A datagram of the station has come, for the first time.
  mutating func account(_ number: Int64, bytes: Int, byStream: Bool) {
    progress = now
    figures.received += 1
    figures.bytes += UInt64(bytes)
    figures.lastArrival = now
    guard let filled = plan.fill(number, isRepair: byStream, now: now) else { return }
    holdBack.note(wait: filled.wait)
    guard byStream else { return }
    figures.repaired += 1
    meter.missed(1)
  }

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
