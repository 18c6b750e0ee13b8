import LinuxIO
import Playout
import TransportStream
import Wire

/// One station on the air: its place, where it goes, and how it fares.
struct AirSlot<Source: AirSource>: Sendable {
  /// What is later than this, of when it is due, is not sent any more.
  static var patience: Ticks { .seconds(1) }
  /// How soon a station is looked at again whose tape is not in memory.
  static var respite: Ticks { .milliseconds(20) }
  /// So many datagrams that are overdue leave together at the most, and the next ones so much later: receivers and
  /// switches should not pay for a sender that was held up.
  static var overdueLimit: Int { 3 }
  static var overdueInterval: Ticks { Ticks(Ticks.perSecond / 1_000_000 * 150) }
  /// How often live stations are looked at whose next datagram is not there yet, all at the same moments.
  static var lookInterval: Ticks { .milliseconds(2) }
  /// So many bad datagrams in a row, and the rest of the programme is given up.
  static var failureLimit: Int { 50 }

  let source: Source
  let destination: Destination
  /// RTP's synchronization source; nil for bare UDP.
  let ssrc: UInt32?
  let figures: StationFigures
  /// How much of its air can be read without waiting for a disk.
  let readiness: Readiness
  /// Which slot of the roster before this one carried the same station.
  let predecessor: Int?
  /// A station that is new on the air begins here.
  let notBefore: Ticks
  /// How much earlier than its date each datagram is due: another time for each station, so that those that play the same
  /// tape, and so keep time with one another, do not stand in one another's way at every datagram.
  let lead: Ticks
  /// Where its windows of the grain begin.
  var phase = Ticks.zero
  private var cursor: Source.Cursor
  /// Where the cursor stands.
  private(set) var position: AirPosition
  /// Bad datagrams in a row.
  var failures = 0
  /// Whether it waits for its tape.
  var isWaiting = false
  /// Whether it goes out on its date and not before: its next datagram is a clock reference's, or it has to wait.
  private(set) var isPunctual = false
  /// Since when its live recorder has delivered nothing.
  private var drySince: Ticks?
  /// What is dated before this, others send.
  private var earliest = Ticks(.min)
  /// Bytes sent when the bitrate was last reckoned.
  var reckonedBytes = 0

  init(
    source: Source, destination: Destination, ssrc: UInt32?, figures: StationFigures, readiness: Readiness,
    predecessor: Int?, notBefore: Ticks, lead: Ticks
  ) {
    self.source = source
    self.destination = destination
    self.ssrc = ssrc
    self.figures = figures
    self.readiness = readiness
    self.predecessor = predecessor
    self.notBefore = notBefore
    self.lead = lead
    cursor = source.cursor(at: source.index(at: notBefore))
    position = cursor.position
    reckonedBytes = figures.bytes.load(ordering: .relaxed)
  }

  /// Takes up the station's air, where `before` is if it was on the air, and returns when it is due.
  mutating func begin(after before: AirSlot?, grain: Grain) -> Ticks {
    if let before, goOn(after: before) {
      isPunctual = isClock(grain) || position.isPending || position.date < earliest + grain.length
      return max(departure(grain), earliest == Ticks(.min) ? earliest : earliest - lead)
    }
    // Whoever has the air up to here may send the last of it on its date only.
    isPunctual = true
    earliest = notBefore
    return max(departure(grain), notBefore - lead)
  }

  /// The station was on the air before: goes on with the same datagram, if this source has the same one there.
  private mutating func goOn(after before: AirSlot) -> Bool {
    failures = before.failures
    isWaiting = before.isWaiting
    (drySince, earliest) = (before.drySince, before.earliest)
    reckonedBytes = before.reckonedBytes
    let same = source.cursor(at: before.position.n)
    // What was not there yet when the other was made may be there now.
    guard same.position == before.position || (before.position.isPending && same.position.n == before.position.n) else {
      return false
    }
    move(to: same)
    leaveToOthers()
    return true
  }

  /// A live station's datagrams may have come that are dated before it has the air: it does not send those.
  private mutating func leaveToOthers() {
    if !position.isPending, position.date < earliest { move(to: source.cursor(at: source.index(at: earliest))) }
  }

  /// Puts the datagrams of the grain's window into the batch, from the one that the cursor stands on up to the next clock
  /// reference, but nothing dated at or after `end`, and no more of them than there is room for; returns when the station is
  /// due again.
  mutating func play(
    now: Ticks, before end: Ticks, grain: Grain, room: Int, into batch: inout some DatagramBatch & ~Copyable
  ) -> Ticks {
    if position.isPending {
      look(now: now)
      if position.isPending { return nextLook(now) }
    }
    let ready = readiness.end
    let leavesOut = isWaiting || Self.patience < now - due
    let resume = max(now + lead, position.date)
    isPunctual = true
    // A slow or failing disk is its own stations' loss: nobody waits for it here.
    guard (leavesOut ? resume : position.date) < ready else {
      // There is time yet.
      if !leavesOut, now < due { return min(due, now + Self.respite) }
      isWaiting = true
      figures.isUnreadable.store(true, ordering: .relaxed)
      return now + Self.respite
    }
    if leavesOut {
      isWaiting = false
      skip(to: resume)
      if position.isPending { return nextLook(now) }
    }
    let window = grain.window(of: max(now, due), phase: phase) + lead
    let last = min(end.count, ready.count, window.count + grain.length.count)
    var overdue = 0
    var left = room
    while left > 0, !position.isPending, position.date.count < last {
      left -= 1
      let date = position.date
      if isClock(grain) {
        let moment = grain.moment(of: due, phase: phase)
        guard moment <= now else { return moment }
      }
      // Whatever is dated before `end` must be out by then, however late.
      if overdue == Self.overdueLimit { return min(now + Self.overdueInterval, end - Ticks(1)) }
      if date < window { overdue += 1 }
      send(now: now, into: &batch)
      // Dates rise; should a tape that changes under our hands make one stand still, its station alone waits.
      guard date.count < position.date.count else { return now + Self.patience }
    }
    if position.isPending { return nextLook(now) }
    isPunctual = isClock(grain)
    return position.date.count < end.count ? departure(grain) : position.date
  }

  /// Looks whether the datagram is there that was not, and counts what is not there any more.
  private mutating func look(now: Ticks) {
    let n = position.n
    position = cursor.look(now: now)
    StationFigures.add(Int(max(0, position.n - n)), to: figures.skipped)
    leaveToOthers()
  }

  /// The next of the moments at which all live stations are looked at.
  private mutating func nextLook(_ now: Ticks) -> Ticks {
    let since = drySince ?? now
    drySince = since
    if now - since > Self.patience { figures.isDry.store(true, ordering: .relaxed) }
    let interval = Self.lookInterval.count
    return Ticks(((now.count / interval) + 1) * interval)
  }

  /// When the datagram that the cursor stands on is due.
  private var due: Ticks { position.date - lead }

  /// When the datagram that the cursor stands on goes out: with a clock reference, by itself; else when its window of the
  /// grain begins.
  private func departure(_ grain: Grain) -> Ticks {
    isClock(grain) ? grain.moment(of: due, phase: phase) : grain.window(of: due, phase: phase)
  }

  /// Whether the datagram that the cursor stands on goes out by itself, for its clock reference.
  private func isClock(_ grain: Grain) -> Bool { position.carriesClock && grain.isPrecise }

  private mutating func move(to cursor: Source.Cursor) {
    self.cursor = cursor
    position = cursor.position
  }

  /// Leaves out what is dated before `date`, and counts it.
  private mutating func skip(to date: Ticks) {
    let n = position.n
    move(to: source.cursor(at: source.index(at: date)))
    StationFigures.add(Int(max(0, position.n - n)), to: figures.skipped)
  }

  /// Puts the datagram that the cursor stands on into the batch, if its bytes are good, and moves on.
  private mutating func send(now: Ticks, into batch: inout some DatagramBatch & ~Copyable) {
    let this = position
    let length = append(to: &batch)
    if length > 0 {
      drySince = nil
      figures.countSent(bytes: length, lateness: (now + lead - this.date).count)
      failures = 0
    } else {
      StationFigures.add(1, to: figures.errors)
      failures += 1
      if failures >= Self.failureLimit {
        figures.isUnreadable.store(true, ordering: .relaxed)
        failures = 0
        skip(to: source.programmeEnd(at: this.date))
      }
    }
  }

  /// The datagram's length, RTP header included; 0 when its bytes are bad.
  private mutating func append(to batch: inout some DatagramBatch & ~Copyable) -> Int {
    var length = 0
    _ = batch.append(to: destination, headerSize: ssrc == nil ? 0 : RTPHeader.size) { header, payload in
      let this = position
      let packets: Int
      (packets, position) = cursor.take(into: &payload)
      guard packets > 0 else { return 0 }
      if let ssrc {
        RTPHeader(
          sequenceNumber: UInt16(truncatingIfNeeded: this.n),
          timestamp: UInt32(truncatingIfNeeded: this.date.timestamp), ssrc: ssrc
        ).write(into: &header)
      }
      length = header.count + packets
      return packets
    }
    return length
  }
}
