import TransportStream

/// What a player is fed: one stream that never breaks, out of one station's datagrams after another's. Pure: no clock, no
/// I/O, and nothing allocated after the start.
///
/// Each station begins at a random access point, each of its streams with a whole PES packet; where another one follows,
/// the former's streams end with their last whole PES packets. PCR, PTS, DTS and continuity counters go on. What the player
/// gets beyond what it has shown is kept short, so that the next station shows soon (``Pacing``).
///
/// A player with a gauge plays one sound after another without a hole, whatever their times, and its pictures follow the
/// sound. So another station's sound begins with its first picture: there the player leaps over the time that the former
/// station's last pictures would have taken, which it has but need not show, and the first picture is on the screen as soon
/// as the sound that it has been fed is at its end.
///
/// Times are steady nanoseconds (`now`), dates Unix time in counts of 90 kHz, times of the stream 90 kHz.
package struct PlayerFeed: ~Copyable {
  /// Where a player's timeline begins: so late that a clock ahead of it (by 1 s at the most in DVB) is no negative number.
  private static let origin: Int64 = 180_000
  /// Datagrams of a station are 40 ms apart at the most; what is further apart has a hole between.
  private static let hole: Int64 = 9_000
  /// What is left of it: no less than a picture, so that decoding times rise.
  private static let stride: Int64 = 3_600
  /// How long a PES packet may hold up others until it is whole, in nanoseconds.
  private static let patience: Int64 = 700_000_000
  /// How far streams may be apart until the one that is behind is taken to have stopped: 90 kHz.
  private static let skew: Int64 = 63_000

  private let isPaced: Bool
  private let keepsClock: Bool
  private var gate = FeedGate()
  private var queue: FeedQueue
  private var stamp = ContinuityStamp()
  private var timeline = FeedTimeline()
  private var pace: FeedPace
  private var streams: [FeedStream] = []
  /// By PID: the place in `streams`, and in which splice its first payload unit has started.
  private var places = [UInt8](repeating: none, count: 8192)
  private var starts = [UInt32](repeating: 0, count: 8192)
  private static let none: UInt8 = 0xFF
  private var splices: UInt32 = 0
  private var pmt: UInt16 = PID.pmt
  /// Whether the player's timeline has yet to begin.
  private var isFirst = true
  /// Before this no sound of the station is fed, 90 kHz of the player's timeline.
  private var curtain = Int64.min
  private var lastDate: Int64?
  private var finish: Int64?
  private var row = PacketRow()

  /// Packets without a sync byte or with an impossible header.
  package private(set) var malformed: UInt64 = 0
  /// Whether ``end(at:)`` has been reached: nothing more goes in.
  package private(set) var isClosed = false
  /// Whether the station's random access point has come.
  package var isOpen: Bool { gate.isOpen }
  /// Datagrams that were dropped because nobody took them.
  package var dropped: UInt64 { queue.dropped }
  /// Datagrams that have not been taken.
  package var waiting: Int { queue.count }

  /// - Parameters:
  ///   - paced: how time is kept.
  ///   - keepsClock: whether the first station's PCR, PTS and DTS stay as they are on the air; else the timeline begins
  ///     near 0, so that it wraps only after 26.5 hours.
  ///   - capacity: of the queue, in datagrams.
  package init(paced: Pacing, keepsClock: Bool = false, capacity: Int = 4096) {
    isPaced = paced != .none
    self.keepsClock = keepsClock
    pace = FeedPace(paced)
    queue = FeedQueue(capacity: capacity)
    streams.reserveCapacity(32)
  }

  /// The next datagrams are another station's, or the same one's after others than those that would be next. What has
  /// been fed of the former ends with whole PES packets.
  ///
  /// - Parameter newPlayer: the former player has all that it gets; what follows is for another one.
  package mutating func begin(_ tuning: Tuning, now: Int64, newPlayer: Bool = false) {
    cut()
    if newPlayer {
      queue.clear()
      stamp = ContinuityStamp()
      pace.forget()
      isFirst = true
    }
    for stream in streams { places[Int(stream.pid)] = Self.none }
    var kept = 0
    for wanted in [tuning.video].compactMap(\.self) + tuning.audio where kept < 32 && wanted.pid < 8192 {
      let before = streams.firstIndex { $0.pid == wanted.pid }
      // Named twice: it is one stream all the same.
      if let before, before < kept { continue }
      var stream = before.map { streams[$0] } ?? FeedStream(pid: wanted.pid)
      stream.splice(keepsTimes: !newPlayer)
      if let before { streams.remove(at: before) }
      streams.insert(stream, at: kept)
      kept += 1
    }
    streams.removeLast(streams.count - kept)
    for index in streams.indices { places[Int(streams[index].pid)] = UInt8(index) }
    pmt = tuning.pmt
    gate.close(for: tuning)
    stamp.splice()
    splices += 1
    curtain = .min
    lastDate = nil
  }

  /// The stream ends before the first random access point from this date on.
  package mutating func end(at date: Int64) { finish = date }

  /// Whether the player should have its next datagram.
  package func mayTake(now: Int64) -> Bool {
    guard isPaced, gate.isOpen else { return true }
    guard !queue.isFull, let front, let limit = pace.limit(now: now) else { return !queue.isFull }
    return front < limit
  }

  /// Takes the next datagram's packets.
  ///
  /// - Parameter date: when it is due on the air.
  package mutating func accept(_ payload: Span<UInt8>, date: Int64, now: Int64) {
    guard !isClosed else { return }
    mind(date)
    row.clear()
    var isAccess = false
    var offset = 0
    while offset + TSPacket.size <= payload.count, !row.isFull {
      defer { offset += TSPacket.size }
      guard let packet = TSPacket(payload, at: offset) else {
        malformed += 1
        continue
      }
      let isAccessPoint = gate.isAccessPoint(packet)
      if !gate.isOpen {
        gate.look(at: packet, payload, at: offset)
        guard gate.isOpen else { continue }
        open(packet, payload, at: offset, now: now)
      } else if isAccessPoint, let finish, date >= finish {
        isClosed = true
        // Its last picture is whole, for here the next one would begin.
        let place = Int(places[Int(packet.pid)])
        if place < streams.count { streams[place].finish(before: queue.tail) }
        break
      }
      isAccess = isAccess || isAccessPoint
      row.put(payload, at: offset)
      if keep(packet, now: now) { row.keep() }
    }
    if row.count > 0 { row.append(to: &queue, isAccess: isAccess) }
    if isClosed { cut() }
    release(now: now)
  }

  /// Hands over what the player can have, oldest first, until `write` takes less than it is given.
  ///
  /// - Parameter write: returns how many bytes it took.
  package mutating func drain<Failure: Error>(_ write: (Span<UInt8>) throws(Failure) -> Int) throws(Failure) {
    try queue.drain(write)
  }

  /// The player says what it plays just now: `clock` is in seconds of the stream's own time.
  package mutating func gauge(clock: Double, now: Int64) {
    guard clock.isFinite, abs(clock) < 1e9, let front else { return }
    let count = UInt64(bitPattern: Int64(clock * 90_000)) & (1 << 33 - 1)
    let time = timeline.unwrapped(count)
    // A player that is as far off plays something else still.
    guard abs(time - front) < 60 * 90_000 else { return }
    pace.note(clock: time, now: now)
  }

  /// Nanoseconds until the player has nothing to show, less the sound on its way to the loudspeaker; 0 when it may be out
  /// already, or is no player.
  package func spare(now: Int64) -> Int64 {
    guard let front, let clock = pace.clock(now: now) else { return 0 }
    return max(0, front - clock - 90 * 100) * 100_000 / 9
  }

  /// Milliseconds of the stream that the player has and has not shown; nil where nobody knows.
  package func buffer(now: Int64) -> Int? {
    guard let front, let clock = pace.clock(now: now) else { return nil }
    return Int(max(0, front - clock) / 90)
  }

  /// When ``mayTake(now:)`` may say something else, in steady nanoseconds; the far future when time changes nothing.
  package func wake(now: Int64) -> Int64 {
    guard gate.isOpen, let front, let limit = pace.limit(now: now), front >= limit else { return .max }
    return now + min(max((front - limit) * 100_000 / 9, 1_000_000), 20_000_000)
  }

  // MARK: Packets

  /// Sees that a hole between two datagrams is none for a player, which would wait for what never comes.
  private mutating func mind(_ date: Int64) {
    defer { lastDate = date }
    guard isPaced, gate.isOpen, let lastDate else { return }
    let step = date - lastDate
    if step > Self.hole || step < -Self.hole { timeline.pull(by: step - Self.stride) }
  }

  /// The random access point has come: decides what its time is for the player, and gives it the tables.
  private mutating func open(_ packet: TSPacket, _ payload: Span<UInt8>, at offset: Int, now: Int64) {
    let header = PESHeader(payload, at: offset + packet.payloadOffset, end: offset + TSPacket.size)
    if let pts = header?.pts {
      let dts = header?.dts ?? pts
      let lag = Int64((pts &- dts) & (1 << 33 - 1))
      if isFirst {
        let start = keepsClock ? Int64(dts) : Self.origin
        timeline.place(dts, at: start, isDiscontinuous: false)
        if isPaced { pace.started(at: start, now: now) }
      } else {
        let stream = streams.first { $0.pid == packet.pid }
        let others = streams.compactMap(\.end).min() ?? Self.origin
        let start = max((stream?.end ?? others) - lag, stream?.decodingEnd ?? others)
        timeline.place(dts, at: start, isDiscontinuous: true)
        // Sound of the former station that the player has; it may have several.
        let sound = streams.compactMap { $0.pid == packet.pid ? nil : $0.end }.max()
        if pace.hasGauge { curtain = start + lag }
        pace.spliced(at: start + lag, after: sound)
      }
      isFirst = false
    }
    gate.appendTables(to: &queue, stamp: &stamp)
  }

  /// Makes a packet one of the player's stream; false when it does not belong there.
  private mutating func keep(_ packet: TSPacket, now: Int64) -> Bool {
    let pid = Int(packet.pid)
    // Below 0x20 are the tables of PSI and SI.
    let isStream = packet.pid >= 0x20 && packet.pid != pmt && packet.pid != PID.null
    if isStream, packet.hasPayload, !packet.payloadUnitStart, starts[pid] != splices { return false }
    let times = row.restamp(packet, isStream: isStream, on: &timeline)
    let place = Int(places[pid])
    guard isStream, place < streams.count else {
      if packet.payloadUnitStart { starts[pid] = splices }
      row.stamp(with: &stamp)
      return true
    }
    if packet.payloadUnitStart {
      streams[place].finish(before: queue.tail)
      // Sound that the former station has filled the time of, or that comes before the first picture.
      if starts[pid] != splices, let times,
        times.presentation < max(curtain, streams[place].end.map { $0 - 450 } ?? .min)
      {
        return false
      }
      starts[pid] = splices
      streams[place].unfinished = FeedStream.Unfinished(
        piece: queue.tail, offset: row.count, counter: stamp.last(packet.pid), times: times,
        remaining: row.pesLength(packet), since: now)
    }
    row.stamp(with: &stamp)
    if packet.hasPayload, let remaining = streams[place].unfinished?.remaining {
      let rest = remaining - (TSPacket.size - packet.payloadOffset)
      streams[place].unfinished?.remaining = rest
      if rest <= 0 { streams[place].finish(before: queue.tail + 1) }
    }
    return true
  }

  /// Lets go what is whole.
  private mutating func release(now: Int64) {
    var limit = queue.tail
    for stream in streams {
      guard let unfinished = stream.unfinished, now - unfinished.since < Self.patience else { continue }
      limit = min(limit, unfinished.piece)
    }
    queue.release(upTo: limit)
    for index in streams.indices { streams[index].release(upTo: limit) }
  }

  /// Takes back what is not whole, and releases the rest.
  private mutating func cut() {
    var first = Int64.max
    for index in streams.indices {
      guard let unfinished = streams[index].unfinished else { continue }
      if unfinished.piece >= queue.ready {
        first = min(first, unfinished.piece)
        stamp.rewind(streams[index].pid, to: unfinished.counter)
      } else {
        // The player has part of it.
        streams[index].finish(before: queue.tail)
      }
    }
    if first != .max {
      let (places, streams) = (places, streams)
      queue.takeBack(from: first) { pid, piece, offset in
        let place = Int(places[Int(pid)])
        guard place < streams.count, let unfinished = streams[place].unfinished else { return false }
        return (piece, offset) >= (unfinished.piece, unfinished.offset)
      }
    }
    for index in streams.indices { streams[index].unfinished = nil }
    queue.release(upTo: queue.tail)
  }

  /// Until when the player can show everything with what it has been fed; nil before there is anything with a time.
  private var front: Int64? {
    var first: Int64?
    var last: Int64?
    var isMissing = false
    for stream in streams {
      guard starts[Int(stream.pid)] == splices, let front = stream.front else {
        isMissing = true
        continue
      }
      first = min(first ?? front, front)
      last = max(last ?? front, front)
    }
    guard let first, let last else { return nil }
    return isMissing ? last - Self.skew : max(first, last - Self.skew)
  }
}
