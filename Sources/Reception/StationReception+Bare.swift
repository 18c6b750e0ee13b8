import TransportStream
import Wire

/// A station without RTP. Its datagrams' numbers are those that servers' marks tell by their bytes, and nothing else, for
/// continuity counters do not count what is lost sixteen times, or has no payload. Marks come before datagrams do, as a rule;
/// else these wait on a shelf.
///
/// Only where there is no server to ask, datagrams are counted as they come. The first marks then tell what had really come, and
/// reception begins again with the datagram that the player gets next.
extension StationReception {
  /// What marks do not tell after so long is another's, and a server that has told none is too old to tell any: nanoseconds.
  private static let patience: Int64 = 1_000_000_000

  /// Takes what multicast brought.
  mutating func bare(_ packets: Span<UInt8>, by source: Int, arrival: Int64) {
    guard isTransportStream(packets, packets.indices) else { return account(foreign: 1) }
    let digest = MarkFrame.digest(packets)
    if bare.isCounting {
      count(packets, digest, by: source, arrival: arrival)
      settle(from: bare.next - 1)
    } else if !place(packets, digest, by: source, arrival: arrival) {
      bare.shelf.put(packets, digest, by: source, arrival: arrival, now: now)
      if bare.unknownSince <= run.last { bare.unknownSince = now }
      // They come after a silence, not because no more marks do.
      if bare.unknownSince - run.last > silence { comesBack() }
      countIfAlone()
    }
  }

  /// Takes marks that a stream connection brought.
  mutating func marks(_ payload: Span<UInt8>, by source: Int) {
    guard let row = MarkFrame.row(payload), Self.numbers.contains(row.first) else { return account(foreign: 1) }
    guard agrees(source, row.first, MarkFrame.mark(payload, at: 0).timestamp) else { return }
    bare.news.removeAll(keepingCapacity: true)
    for index in 0..<row.count {
      let mark = MarkFrame.mark(payload, at: index)
      // Of one server, what it says last is right; of several, what the first said.
      let verdict = bare.board.put(row.first + Int64(index), mark, isTrusted: sources.count == 1)
      if verdict == .differs {
        account(foreign: 1)
        disagree(source)
        return clearShelf()
      }
      if verdict == .new { bare.news.append(mark.digest) }
    }
    sources[source].disagreements = 0
    if bare.isCounting { settle(from: window.next - 1) } else { clearShelf() }
  }

  /// Lets time pass.
  mutating func tickBare() {
    guard isBare, isLive else { return }
    countIfAlone()
    if bare.isCounting, let source = carrying(0), now - sources[source].opened >= Self.patience {
      // It tells no marks, or they tell nothing of what has come: on with what it sends itself.
      begin(at: bare.told.next, date: bare.told.date, as: .stream, isAnchored: true)
      follow()
    }
    guard let oldest = bare.shelf.entries.first, now - oldest.came >= Self.patience else { return }
    let (now, isTold) = (now, !bare.board.isEmpty && carrying(0) != nil)
    var strange: UInt64 = 0
    bare.shelf.offer { entry, _ in
      guard now - entry.came >= Self.patience else { return false }
      strange += isTold ? 1 : 0
      return true
    }
    account(foreign: strange)
  }

  /// When ``tickBare()`` has something to do.
  var bareDue: Int64 {
    guard carrying(0) == nil, mode != .waiting, !bare.shelf.entries.isEmpty, bare.unknownSince > run.last else {
      return .max
    }
    return max(bare.unknownSince + silence, awaited)
  }

  /// Puts a datagram in its place; false when marks do not tell it.
  private mutating func place(_ packets: Span<UInt8>, _ digest: UInt64, by source: Int, arrival: Int64) -> Bool {
    let isSteady = now - sources[source].lastArrival < silence
    guard mode != .waiting else { return false }
    switch bare.find(digest, by: source, isSteady: isSteady) {
    case .unknown: return false
    // The stream brings it, as what was before.
    case .ambiguous: break
    case .number(let number, let timestamp):
      if number < window.next - Int64(window.capacity) {
        // The station counts anew.
        begin(at: number, date: date(told: timestamp), as: .stream, isAnchored: true)
        follow()
      }
      arrive(number, timestamp, packets, by: source, arrival: arrival)
      sources[source].lastArrival = now
    }
    return true
  }

  /// Marks have come. Those that were there before did not tell what is on the shelf, and are many.
  private mutating func clearShelf() {
    guard !bare.shelf.entries.isEmpty, !bare.news.isEmpty else { return }
    bare.news.sort()
    var shelf = BareShelf()
    swap(&shelf, &bare.shelf)
    shelf.offer { entry, packets in
      bare.isNews(entry.digest) && place(packets, entry.digest, by: entry.source, arrival: entry.arrival)
    }
    swap(&shelf, &bare.shelf)
  }

  /// Where no server is to be had, what is on the shelf and what comes after it is counted.
  private mutating func countIfAlone() {
    guard !bare.isCounting, let oldest = bare.shelf.entries.first, carrying(0) == nil,
      mode == .waiting ? mayBeginAlone : now >= bareDue
    else { return }
    bare.count(from: mode == .waiting ? 0 : max(window.end, bare.board.end), by: oldest.source)
    var shelf = BareShelf()
    swap(&shelf, &bare.shelf)
    shelf.offer { entry, packets in
      count(packets, entry.digest, by: entry.source, arrival: entry.arrival)
      return true
    }
    swap(&shelf, &bare.shelf)
  }

  private mutating func count(_ packets: Span<UInt8>, _ digest: UInt64, by source: Int, arrival: Int64) {
    if source != bare.source {
      // Of several that send the same, one is counted as long as it comes.
      guard now - sources[bare.source].lastArrival >= silence else { return }
      bare.source = source
    }
    guard let counted = bare.count(packets, digest) else { return account(.duplicate, isBehind: false) }
    if counted.isBroken { account(lost: 1) }
    let clock = ReceptionMeter.clockReference(packets).map { UInt32(truncatingIfNeeded: $0 / 300) }
    if mode == .waiting {
      beginAlone(RTPHeader(sequenceNumber: 0, timestamp: clock ?? 0, ssrc: 0), source, arrival: arrival)
    }
    arrived(clock, packets, at: arrival, isNew: true)
    arrive(counted.number, clock ?? edgeTimestamp, packets, by: source, arrival: nil)
  }

  /// Looks whether marks tell those that were counted, from `first` on.
  private mutating func settle(from first: Int64) {
    guard bare.isCounting, carrying(0) != nil, var (counted, number) = bare.told(from: first) else { return }
    let isSame = isAnchored && number == counted
    if isSame {
      bare.stopCounting(near: bare.next)
      // Nothing was lost meanwhile. What the stream has brought was passed over.
      isOverrun = isOverrun || mode == .stream
      return
    }
    let missed = number - counted
    while counted > window.next, let digest = bare.digest(of: counted - 1),
      bare.board.mark(of: number - 1)?.digest == digest
    {
      (counted, number) = (counted - 1, number - 1)
    }
    // Some that came stand where nobody can say; and some counters have told that others were missing.
    if isAnchored { account(lost: Int(max(0, missed + max(0, counted - window.next) - bare.breaks))) }
    let start = number + max(0, window.next - counted)
    let timestamp = bare.board.mark(of: number)?.timestamp ?? UInt32(truncatingIfNeeded: bare.told.date)
    begin(at: start, date: date(told: timestamp), as: .stream, isAnchored: true)
    follow()
  }

  /// The date of a datagram near the time that a server told: Unix time in 90 kHz.
  private func date(told timestamp: UInt32) -> Int64 {
    bare.told.date + Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: bare.told.date)))
  }
}
