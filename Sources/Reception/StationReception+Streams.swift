import Wire

extension StationReception {
  /// Nothing is said for longer than this, in nanoseconds: the server takes a silent connection for a dead one.
  private static let keepalive: Int64 = 50_000_000_000
  /// One line asks for what is due in so many nanoseconds: servers hang up on those who say more than 250 lines a second.
  private static let batch: Int64 = 5_000_000
  /// Connections that are made and end again are waited for no longer than this after multicast is back.
  private static let mostAwaited: Int64 = 10_000_000_000
  /// Numbers and dates outside of this are no station's.
  static let numbers: ClosedRange<Int64> = 0...(1 << 60)
  private static let dates: ClosedRange<Double> = -1e11...1e11

  /// What to say first on a new stream connection to a source: by where we are.
  mutating func opening(for source: Int) -> StreamRequest {
    var request = StreamRequest(station: tuning.station.number)
    guard sources.indices.contains(source) else { return request }
    if isBare, isLive { request.marks = true }
    switch wish(for: source) {
    case .nothing: sources[source].request = .nothing
    case .from(let number):
      sources[source].request = .from(number)
      request.from = number
    case let start:
      sources[source].request = start
      switch tuning.start {
      case .live: request.back = min(tuning.back, mostBack)
      case .ago(let seconds): request.back = seconds
      case .at(let date): request.at = date
      }
    }
    return request
  }

  /// How far back a player may begin, in seconds, so that all up to the present finds room in the window: with the group of
  /// pictures before it, and while the player opens its window.
  private var mostBack: Double {
    let room = Double(window.capacity - window.capacity / 4) / Double(rate)
    return max(Tuning.leastBack, room - 3)
  }

  private func wish(for source: Int) -> SourceState.Request {
    if mode == .waiting { return .start }
    if mode == .multicast, now - run.last < silence { return .nothing }
    if !isAnchored { return .anew }
    if sources.indices.contains(where: { $0 != source && sources[$0].isOpen }) { return .nothing }
    let pause = now - progress
    // A server that counts anew refuses what it does not have; one that is away has it when it comes back.
    let isRefused = sources[source].refusals >= 3 && pause > 2_000_000_000
    if isLive, isRefused || isOutdated || pause > max(latency, makeUp) { return .anew }
    return .from(window.contiguous)
  }

  /// A stream connection's reply has come.
  ///
  /// - Returns: whether it was taken. No station says one that is not, and what follows it would not be taken either.
  @discardableResult
  mutating func opened(_ reply: StreamReply, by source: Int, now: Int64) -> Bool {
    self.now = max(self.now, now)
    guard sources.indices.contains(source), Self.numbers.contains(reply.first), Self.numbers.contains(reply.next),
      Self.dates.contains(reply.date), Self.dates.contains(reply.now)
    else { return false }
    let request = sources[source].request
    let wasFirst = !sources.contains { $0.isOpen }
    sources[source].isOpen = true
    sources[source].opened = self.now
    sources[source].heard = self.now
    // It may be another server by now. It is asked, and must agree before it is believed.
    sources[source].disagreements = 0
    bare.told = (Int64((reply.now * 90_000).rounded()), reply.next)
    sources[source].failures = 0
    sources[source].refusals = 0
    sources[source].lastLine = self.now
    sources[source].isFollowing = request != .nothing
    sources[source].position = reply.first
    sources[source].order = nil
    let date = Int64((reply.date * 90_000).rounded())
    if mode == .waiting {
      begin(at: reply.first, date: date, as: .stream, isAnchored: true)
      carrier = source
      sources[source].agrees = true
    } else if !isAnchored, isBare {
      // Our numbers say nothing about theirs: with these, if nothing comes with ours.
      guard now - run.last >= silence else {
        sources[source].order = sources[source].isFollowing ? .pause : nil
        return true
      }
      begin(at: reply.first, date: date, as: .stream, isAnchored: true)
      (edge, edgeTimestamp, carrier) = (0, 0, source)
    } else if !isAnchored {
      anchor(reply.next)
      if reply.first > window.contiguous { sources[source].isFollowing = false }
      if wasFirst { carrier = source }
    } else if request != .nothing {
      if window.contiguous > reply.next + Int64(window.capacity) {
        // The station counts anew.
        begin(at: reply.first, date: date, as: .stream, isAnchored: true)
        (edge, edgeTimestamp) = (0, 0)
      } else if reply.first > window.contiguous, request == .anew, isOutdated {
        giveUp(to: reply.first)
        lastDate = date
      } else if reply.first > window.contiguous {
        // What is before is gone, or no longer of use. Unless this was asked for before we had begun.
        if wasFirst, request != .start {
          (leap, leapDate) = (reply.first, date)
        } else {
          sources[source].isFollowing = false
        }
      }
      if wasFirst { carrier = source }
    }
    // What is fetched from there on would leave a player behind for good.
    if isLive, case .from = request, reply.now - reply.date > Double(makeUp) / 1e9 {
      beginAnew()
    } else {
      isOutdated = false
    }
    if mode == .stream, self.now - run.since < Self.mostAwaited {
      awaited = max(awaited, self.now + max(latency, Self.openingPatience))
    }
    // What multicast says of itself just now is known better.
    let present = UInt32(truncatingIfNeeded: Int64((reply.now * 90_000).rounded()))
    let isAhead = Int32(bitPattern: edgeTimestamp &- present) > StationClock.tolerance
    if reply.next > edge ? self.now - run.last >= silence || unnumberedSince < .max : isAhead {
      note(edge: reply.next - 1, present)
    }
    if isAhead { clock.set(present, now: self.now) } else { clock.reach(present, now: self.now) }
    unnumberedSince = .max
    settle(source)
    lookAtHead()
    return true
  }

  /// Has the stream connections do what the way that was chosen needs.
  private mutating func settle(_ source: Int) {
    switch mode {
    case .waiting: break
    case .multicast: if sources[source].isFollowing { sources[source].order = .pause }
    case .stream:
      if source == carrier || !sources[carrier].isOpen || sources[carrier].isOutOfStep {
        if source != carrier, sources[carrier].isOpen { sources[carrier].order = .pause }
        carrier = source
        if !sources[source].isFollowing { sources[source].order = .follow }
      } else if sources[source].isFollowing {
        sources[source].order = .pause
      }
    }
  }

  /// A stream connection could not be had, or has ended.
  ///
  /// - Parameter isRefused: whether the server said no.
  mutating func closed(by source: Int, now: Int64, isRefused: Bool = false) {
    self.now = max(self.now, now)
    guard sources.indices.contains(source) else { return }
    if sources[source].isOpen { plan.askAnew(now: self.now) } else { sources[source].failures += 1 }
    if isRefused { sources[source].refusals += 1 }
    sources[source].isOpen = false
    sources[source].isFollowing = false
    sources[source].order = nil
    if mode == .stream, source == carrier { follow() }
  }

  /// When something is to be asked for again.
  var askDue: Int64 { plan.nextDue == .max ? .max : max(plan.nextDue, lastAsked + Self.batch) }

  /// Writes the next line to say on a source's stream connection, with its LF.
  ///
  /// - Parameter room: 2300 bytes take the longest line; at least 128 are needed.
  /// - Returns: its length; 0 when there is nothing to say.
  mutating func line(for source: Int, into room: inout MutableSpan<UInt8>) -> Int {
    guard sources.indices.contains(source), sources[source].isOpen, room.count >= 2 * StreamLine.least else { return 0 }
    let length = nextLine(source, into: &room)
    if length > 0 { sources[source].lastLine = now }
    return length
  }

  private mutating func nextLine(_ source: Int, into room: inout MutableSpan<UInt8>) -> Int {
    switch sources[source].order {
    case .pause:
      sources[source].order = nil
      sources[source].isFollowing = false
      return StreamLine.pause(into: &room)
    case .follow:
      sources[source].order = nil
      sources[source].isFollowing = true
      sources[source].position = window.contiguous
      return StreamLine.follow(from: window.contiguous, into: &room)
    case nil: break
    }
    if canAsk, now >= askDue {
      // The turn of each try, among the connections that are open.
      let turns = (carrying(0), carrying(1))
      let length = StreamLine.repair(&plan, now: now, into: &room) { ($0 & 1 == 0 ? turns.0 : turns.1) == source }
      if length > 0 { lastAsked = now }
      if length > 0 { return length }
    }
    guard now - sources[source].lastLine >= Self.keepalive else { return 0 }
    return sources[source].isFollowing
      ? StreamLine.follow(from: sources[source].position, into: &room) : StreamLine.pause(into: &room)
  }
}
