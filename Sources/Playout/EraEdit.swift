import Tape
import TransportStream

/// Where one era ends and the next may begin: what the station has sent by then, so that every counter goes on.
package struct EraBoundary: Sendable {
  /// Whole 90 kHz counts.
  package let date: Ticks
  /// What the station has sent when the next era begins.
  package let counts: AirCounts
  /// The cut in the programme that is on until then, when it does not come to its end.
  package let interruption: ProgrammeCut?
  /// The path of the tape that is on until then.
  let ending: String?
  /// By the content of a program map, its version.
  fileprivate let mapVersions: [ArraySlice<UInt8>: UInt8]

  /// What the place of a boundary goes by.
  package enum Place: Hashable, Sendable {
    /// The end of the programme that is on at the date.
    case programmeEnd
    /// The first random access point at or after the date of the programme on then, so that nothing of it is missed; its
    /// end, when none comes before.
    case randomAccess
    /// The date itself, rounded up to whole 90 kHz counts.
    case date
  }
}

extension Era {
  /// The boundary at or after `date`. In the middle of a programme, its tape is read to make the cut: this may have to wait
  /// for a disk.
  package func boundary(after date: Ticks, at kind: EraBoundary.Place) throws(TapeError) -> EraBoundary {
    guard !lineup.isEmpty else {
      throw .unfit(path: record.ring ?? "", why: "a live era ends when its recorder has left")
    }
    let date = max(Ticks((date.count + 299).flooredDivision(by: 300).quotient * 300), record.start)
    let place = place(at: date)
    let showing = lineup[place.programme]
    let start = startDate(cycle: place.cycle, programme: place.programme)
    let known = Dictionary(
      zip(lineup.map(\.tape.map.body), record.mapVersions), uniquingKeysWith: { first, _ in first })
    func boundary(_ counts: AirCounts, _ interruption: ProgrammeCut?) -> EraBoundary {
      EraBoundary(
        date: start + counts.duration, counts: self.counts(cycle: place.cycle, programme: place.programme) + counts,
        interruption: interruption, ending: showing.tape.path, mapVersions: known)
    }

    let position = date - start
    let cutting: Ticks? =
      switch kind {
      case .programmeEnd: nil
      // The first datagram is one: there, nothing of the programme has been sent yet.
      case .randomAccess:
        position == .zero
          ? .zero : showing.tape.randomAccess(notBefore: max(position, showing.tape.date(of: 0) + .ninetyKilohertz(1)))
      case .date: position
      }
    guard let cutting, cutting < showing.duration else { return boundary(showing.counts, nil) }
    // Where nothing has been sent of it, nothing is cut.
    guard showing.tape.firstDatagram(notBefore: cutting) > 0 else {
      var none = AirCounts()
      none.duration = cutting
      return boundary(none, nil)
    }
    let cut = try showing.tape.cut(at: cutting)
    return boundary(cut?.counts ?? showing.counts, cut)
  }

  /// The end of a live era.
  ///
  /// - Parameters:
  ///   - counts: all that went out of the ring.
  ///   - date: when it ended, as its recorder was told: whole 90 kHz counts.
  package func boundary(afterRing counts: RingCounts, at date: Ticks) -> EraBoundary {
    var sent = record.base
    (sent.datagrams, sent.slots) = (sent.datagrams + counts.datagrams, sent.slots + counts.slots)
    sent.packets &+= counts.packets
    return EraBoundary(
      date: date, counts: sent, interruption: nil, ending: nil,
      mapVersions: ring.map { [$0.info.map.body: record.mapVersions.first ?? 0] } ?? [:])
  }

  /// The era that follows this one with another schedule: it begins with the programme that `schedule` has after the one
  /// that it ends, and every counter goes on.
  ///
  /// - Parameters:
  ///   - schedule: the programmes from then on, in order; at least one.
  ///   - date: must lie far enough ahead for the new era to reach the transmitter before it begins.
  ///   - place: whether the programme on the air then comes to its end.
  package func followed(
    by schedule: [Showing], after date: Ticks, at place: EraBoundary.Place = .programmeEnd
  ) throws(TapeError) -> Era {
    let boundary = try boundary(after: date, at: place)
    return try boundary.era(schedule, startingWith: boundary.next(of: schedule))
  }

  /// The same with whole tapes.
  package func followed(
    by tapes: [Tape], after date: Ticks, at place: EraBoundary.Place = .programmeEnd
  ) throws(TapeError) -> Era {
    try followed(by: tapes.map { Showing($0) }, after: date, at: place)
  }
}

extension EraBoundary {
  /// The programme that a schedule has after the one that ends here; the first, when it does not have that.
  package func next(of schedule: [Showing]) -> Int {
    schedule.firstIndex { $0.tape.path == ending }.map { ($0 + 1) % schedule.count } ?? 0
  }

  /// The era that begins here with the programme `first` of a schedule.
  package func era(_ schedule: [Showing], startingWith first: Int = 0) throws(TapeError) -> Era {
    let skipped = schedule.prefix(max(first, 0)).reduce(into: AirCounts()) { $0 = $0 + $1.counts }
    var base = counts - skipped
    base.duration = .zero
    var record = EraRecord(
      start: date, anchor: date - skipped.duration, base: base, lineup: schedule, after: mapVersions)
    record.interruption = interruption
    return try Era(record, tapes: schedule.map(\.tape))
  }

  /// The live era that begins here. Its recorder has been told ``date`` and ``counts``.
  package func era(_ ring: Ring) throws(TapeError) -> Era {
    var base = counts
    base.duration = .zero
    var record = EraRecord(start: date, base: base, ring: ring, after: mapVersions)
    record.interruption = interruption
    return try Era(record, ring: ring)
  }
}

extension Era {
  /// The first era of a station that is live from the beginning: nothing has been sent before `date`, whole 90 kHz counts.
  package static func first(_ ring: Ring, from date: Ticks) throws(TapeError) -> Era {
    try Era(EraRecord(start: date, base: AirCounts(), ring: ring, after: [:]), ring: ring)
  }
}
