import Tape
import TransportStream

/// A span of a station's air with one schedule, as it is kept on disk and handed to the transmitter.
///
/// Within an era everything is a function of time. Eras exist because schedules change: the next one begins where a
/// programme ends, and its ``base`` carries on what the station had counted, so that no receiver notices.
package struct EraRecord: Codable, Hashable, Sendable {
  /// From this date on the era is in force.
  package var start: Ticks
  /// A date, at or before ``start``, at which the schedule begins, as if it had been in force: whole 90 kHz counts.
  package var anchor: Ticks
  /// What the station had sent at ``anchor``; its duration is not used.
  package var base: AirCounts
  /// Paths of the tapes, in the order of the schedule, which repeats for ever.
  package var tapes: [String]
  /// The version of each tape's program map, 0 to 31: it differs where the content does (ISO/IEC 13818-1 §2.4.4.9).
  package var mapVersions: [UInt8]
  /// For each tape, where its programme ends before the tape does; nil when none does.
  package var cuts: [ProgrammeCut?]?
  /// The path of the ring that a live recorder writes, in place of tapes: then ``tapes`` is empty, ``anchor`` is ``start``, and
  /// the ring's datagram k is the station's ``base``.datagrams + k.
  package var ring: String?
  /// The cut that this era makes in the programme of the era before, when it does not wait for that to end.
  package var interruption: ProgrammeCut?

  /// The era of a station that has always been on, with the same schedule, since the Unix epoch: nothing is stored, and
  /// any number of servers with these tapes agree.
  package static func always(_ tapes: [Tape]) -> EraRecord {
    always(tapes.map { Showing($0) })
  }

  /// The same, of programmes that may end before their tapes do.
  package static func always(_ lineup: [Showing]) -> EraRecord {
    EraRecord(start: .zero, anchor: .zero, base: AirCounts(), lineup: lineup, after: [:])
  }

  init(
    start: Ticks, anchor: Ticks, base: AirCounts, lineup: [Showing], after versions: [ArraySlice<UInt8>: UInt8]
  ) {
    (self.start, self.anchor, self.base) = (start, anchor, base)
    tapes = lineup.map(\.tape.path)
    mapVersions = Self.mapVersions(of: lineup.map(\.tape.map), after: versions)
    if lineup.contains(where: { $0.cut != nil }) { cuts = lineup.map(\.cut) }
  }

  /// That of a ring.
  init(start: Ticks, base: AirCounts, ring: Ring, after versions: [ArraySlice<UInt8>: UInt8]) {
    (self.start, anchor, self.base, tapes) = (start, start, base, [])
    mapVersions = Self.mapVersions(of: [ring.info.map], after: versions)
    self.ring = ring.path
  }

  /// The same maps share a version; a new map takes the next one not used by those of `earlier`.
  static func mapVersions(of maps: [Section], after earlier: [ArraySlice<UInt8>: UInt8]) -> [UInt8] {
    var versions = earlier
    var last = earlier.values.max()
    return maps.map { map in
      if let known = versions[map.body] { return known }
      let next = last.map { ($0 &+ 1) & 0x1F } ?? 0
      versions[map.body] = next
      last = next
      return next
    }
  }
}

/// One programme of a schedule: a tape, or a part of one.
package struct Showing: Sendable {
  package let tape: Tape
  /// Where it ends, if before the tape does.
  package let cut: ProgrammeCut?
  /// Datagrams that are sent, and those of the tape among them.
  let datagramCount: Int
  let tapeCount: Int

  /// Of the whole tape, or up to a cut that has been made in it.
  package init(_ tape: Tape, cut: ProgrammeCut? = nil) {
    (self.tape, self.cut) = (tape, cut)
    datagramCount = cut.map { Int(clamping: $0.counts.datagrams) } ?? tape.datagramCount
    tapeCount = min(datagramCount - (cut?.clock == nil ? 0 : 1), tape.datagramCount)
  }

  /// When a datagram is due, from the programme's start; the number may be one past the last.
  func date(of number: Int) -> Ticks {
    if number >= datagramCount { return duration }
    return number < tapeCount ? tape.date(of: number) : cut?.clock?.date ?? duration
  }

  /// The first datagram dated at or after `date`, from the programme's start; ``datagramCount`` when there is none.
  func firstDatagram(notBefore date: Ticks) -> Int {
    let first = min(tape.firstDatagram(notBefore: date), tapeCount)
    guard first == tapeCount, let clock = cut?.clock, clock.date < date else { return first }
    return datagramCount
  }

  /// What goes out of it.
  package var counts: AirCounts { cut?.counts ?? AirCounts(tape) }
  package var duration: Ticks { cut?.duration ?? tape.info.duration }

  /// Whether the cut, if there is one, can have been made in this tape.
  var isSound: Bool {
    guard let cut else { return true }
    return cut.duration > .zero && cut.duration < tape.info.duration && cut.duration.count % 300 == 0
      && tapeCount > 0 && tapeCount == tape.firstDatagram(notBefore: cut.duration)
      && cut.clock.map { tape.date(of: tapeCount - 1) < $0.date && $0.date < cut.duration } ?? true
      && (0...Int64(tape.slotCount)).contains(cut.counts.slots) && cut.counts.isSane
  }
}

/// An era whose tapes, or whose ring, are open: where in it a date or a datagram's number lies.
package struct Era: Sendable {
  package let record: EraRecord
  /// The schedule; empty when there is a ring.
  package let lineup: [Showing]
  /// What a live recorder writes, in place of a schedule.
  package let ring: Ring?
  /// What goes out before each programme of the schedule, and as the last element, in one whole cycle.
  let before: [AirCounts]

  var cycle: AirCounts { before[lineup.count] }
  package var tapes: [Tape] { lineup.map(\.tape) }

  /// Throws when there is no tape, or `record` and `tapes` do not belong together.
  package init(_ record: EraRecord, tapes: [Tape]) throws(TapeError) {
    guard let first = tapes.first, record.tapes == tapes.map(\.path), record.mapVersions.count == tapes.count,
      record.cuts.map({ $0.count == tapes.count }) ?? true
    else {
      throw .damaged(path: record.tapes.first ?? "(none)", why: "its schedule does not name the tapes that were opened")
    }
    try Self.check(record, first.path)
    let lineup = tapes.enumerated().map { Showing($1, cut: record.cuts?[$0]) }
    if let bad = lineup.first(where: { !$0.isSound }) {
      throw .damaged(path: bad.tape.path, why: "the cut that its schedule makes in it is not one")
    }
    self.record = record
    self.lineup = lineup
    ring = nil
    before = lineup.reduce(into: [AirCounts()]) { sums, showing in sums.append(sums[sums.count - 1] + showing.counts) }
  }

  /// A live era. Throws when `record` is not that of this ring.
  package init(_ record: EraRecord, ring: Ring) throws(TapeError) {
    guard record.ring == ring.path, record.tapes.isEmpty, record.mapVersions.count == 1, record.anchor == record.start
    else {
      throw .damaged(path: ring.path, why: "its era does not name the ring that was opened")
    }
    try Self.check(record, ring.path)
    self.record = record
    self.ring = ring
    (lineup, before) = ([], [AirCounts()])
  }

  private static func check(_ record: EraRecord, _ path: String) throws(TapeError) {
    guard record.anchor.count % 300 == 0, record.anchor <= record.start, record.base.isSane,
      record.anchor.count > -1 << 60, record.start.count < 1 << 60
    else {
      throw .damaged(path: path, why: "its schedule begins at tick \(record.anchor.count)")
    }
  }

  /// Takes the tapes that `record` names out of those that are open, or opens them; opens its ring.
  package init(_ record: EraRecord, from open: inout OpenTapes) throws(TapeError) {
    if let path = record.ring {
      try self.init(record, ring: try Ring(path: path))
      return
    }
    var tapes: [Tape] = []
    for path in record.tapes { tapes.append(try open.tape(at: path)) }
    try self.init(record, tapes: tapes)
  }

  /// What its streams are.
  package var format: HouseFormat? { ring?.info.format ?? lineup.first?.tape.info.format }

  /// A datagram's place: `cycle`-th repeat of the schedule since the anchor, programme, datagram on its tape.
  struct Place: Hashable {
    var cycle: Int64
    var programme: Int
    var datagram: Int
  }

  /// The place of the first datagram dated at or after `date`; its number may be one past its tape's last.
  func place(at date: Ticks) -> Place {
    if let ring { return Place(cycle: 0, programme: 0, datagram: Int(ring.firstDatagram(notBefore: date))) }
    var place = programme(at: date)
    let start = startDate(cycle: place.cycle, programme: place.programme)
    place.datagram = lineup[place.programme].firstDatagram(notBefore: date - start)
    return place
  }

  /// The place of the first datagram of the programme that is on at `date`, of a schedule. It reads no tape.
  func programme(at date: Ticks) -> Place {
    let (cycle, rest) = (date - record.anchor).count.flooredDivision(by: self.cycle.duration.count)
    let programme = (before.firstIndex { $0.duration > Ticks(rest) } ?? lineup.count) - 1
    return Place(cycle: cycle, programme: programme, datagram: 0)
  }

  /// The place of the station's datagram `n`.
  func place(of n: Int64) -> Place {
    if ring != nil { return Place(cycle: 0, programme: 0, datagram: Int(max(0, n - record.base.datagrams))) }
    let (cycle, rest) = (n - record.base.datagrams).flooredDivision(by: self.cycle.datagrams)
    let programme = (before.firstIndex { $0.datagrams > rest } ?? lineup.count) - 1
    return Place(cycle: cycle, programme: programme, datagram: Int(rest - before[programme].datagrams))
  }

  /// What the station has sent when a programme begins.
  func counts(cycle: Int64, programme: Int) -> AirCounts {
    record.base + self.cycle * cycle + before[programme]
  }

  /// The number of a place's datagram.
  func number(of place: Place) -> Int64 {
    record.base.datagrams + cycle.datagrams * place.cycle + before[place.programme].datagrams + Int64(place.datagram)
  }

  /// When a programme begins; `programme` may be one past the last.
  func startDate(cycle: Int64, programme: Int) -> Ticks {
    record.anchor + self.cycle.duration * cycle + before[programme].duration
  }

  /// The first datagram of the programme after that of `place`.
  func nextProgramme(after place: Place) -> Place {
    place.programme + 1 < lineup.count
      ? Place(cycle: place.cycle, programme: place.programme + 1, datagram: 0)
      : Place(cycle: place.cycle + 1, programme: 0, datagram: 0)
  }
}
