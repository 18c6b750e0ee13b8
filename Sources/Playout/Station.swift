import Tape
import TransportStream

/// A station: a pure function from a datagram's number to its date and bytes.
///
/// Nothing in it moves. Whoever sends asks for ``index(at:)`` the present date and takes datagrams from there on.
package final class Station: Sendable {
  package let identity: StationIdentity
  package let eras: [Era]
  let tables: StationTables
  /// The program map packet of each era's each programme.
  let maps: [[PacketBytes]]
  /// The number of each era's first datagram.
  private let firstNumbers: [Int64]
  /// For each era, the programme that the next one breaks off, if it does.
  private let brokenOff: [BrokenOff?]

  /// A programme that does not come to the end that its own era gives it.
  private struct BrokenOff {
    /// Its first datagram.
    var place: Era.Place
    /// What goes out of it.
    var showing: Showing
  }

  /// `eras` in the order of their starts, at least one.
  package init?(identity: StationIdentity, eras: [Era]) {
    guard let first = eras.first, zip(eras, eras.dropFirst()).allSatisfy({ $0.record.start < $1.record.start }) else {
      return nil
    }
    self.identity = identity
    self.eras = eras
    tables = StationTables(identity, isRadio: first.format?.video == nil)
    maps = eras.map { era in
      let maps = era.ring.map { [$0.info.map] } ?? era.lineup.map(\.tape.map)
      return zip(maps, era.record.mapVersions).map { StationTables.map($0, version: $1, on: identity) }
    }
    firstNumbers = eras.map { era in
      era.ring == nil ? era.number(of: era.place(at: era.record.start)) : era.record.base.datagrams
    }
    brokenOff = eras.indices.map { index in
      guard index + 1 < eras.count, let cut = eras[index + 1].record.interruption, eras[index].ring == nil else {
        return nil
      }
      let (era, end) = (eras[index], eras[index + 1].record.start)
      var place = era.place(at: end - cut.duration)
      place.datagram = 0
      let showing = Showing(era.lineup[place.programme].tape, cut: cut)
      guard showing.isSound, era.startDate(cycle: place.cycle, programme: place.programme) == end - cut.duration else {
        return nil
      }
      return BrokenOff(place: place, showing: showing)
    }
  }

  /// The number of the first datagram dated at or after `date`.
  package func index(at date: Ticks) -> Int64 {
    let (era, place) = locate(date)
    return eras[era].number(of: place)
  }

  /// A cursor that stands on datagram `n`.
  package func cursor(at n: Int64) -> StationCursor {
    let era = eraIndex(of: n)
    return StationCursor(self, era: era, place: place(of: n, era: era))
  }

  /// The place of datagram `n`, which is one of an era's.
  func place(of n: Int64, era: Int) -> Era.Place {
    guard let last = brokenOff[era], n >= eras[era].number(of: last.place) else { return eras[era].place(of: n) }
    var place = last.place
    place.datagram = min(Int(n - eras[era].number(of: place)), last.showing.datagramCount - 1)
    return place
  }

  /// The era that datagram `n` is of; the first one for what was before.
  func eraIndex(of n: Int64) -> Int { max((firstNumbers.firstIndex { $0 > n } ?? eras.count) - 1, 0) }

  /// The number of an era's first datagram.
  func firstNumber(ofEra index: Int) -> Int64 { firstNumbers[index] }

  /// The era and the place of the first datagram at or after `date`, a real datagram always.
  func locate(_ date: Ticks) -> (era: Int, place: Era.Place) {
    let index = eraIndex(at: date)
    let era = eras[index]
    var place = era.place(at: date)
    if era.ring != nil { return isOver(place, era: index) ? first(of: index + 1) : (index, place) }
    let showing = showing(at: place, era: index)
    place.datagram = showing.firstDatagram(
      notBefore: date - era.startDate(cycle: place.cycle, programme: place.programme))
    if isOver(place, era: index) { return first(of: index + 1) }
    guard place.datagram >= showing.datagramCount else { return (index, place) }
    return successor(ofProgrammeAt: place, era: index)
  }

  /// Where an era begins.
  func first(of index: Int) -> (era: Int, place: Era.Place) {
    eras[index].ring == nil
      ? locate(eras[index].record.start) : (index, Era.Place(cycle: 0, programme: 0, datagram: 0))
  }

  /// The number of the first datagram that is not the era's any more; nil when nothing follows.
  func end(ofEra index: Int) -> Int64? { index + 1 < eras.count ? firstNumbers[index + 1] : nil }

  /// Whether the next era has begun when a place's datagram is due.
  private func isOver(_ place: Era.Place, era index: Int) -> Bool {
    guard index + 1 < eras.count else { return false }
    if eras[index].ring != nil { return eras[index].number(of: place) >= firstNumbers[index + 1] }
    let start = eras[index].startDate(cycle: place.cycle, programme: place.programme)
    return start + showing(at: place, era: index).date(of: place.datagram) >= eras[index + 1].record.start
  }

  func eraIndex(at date: Ticks) -> Int {
    max((eras.firstIndex { $0.record.start > date } ?? eras.count) - 1, 0)
  }

  /// What goes out of the programme at `place`.
  func showing(at place: Era.Place, era index: Int) -> Showing {
    if let last = brokenOff[index], last.place.cycle == place.cycle, last.place.programme == place.programme {
      return last.showing
    }
    return eras[index].lineup[place.programme]
  }

  /// When the programme at `place` ends, or the next era begins.
  func end(ofProgrammeAt place: Era.Place, era index: Int) -> Ticks {
    let end = eras[index].startDate(cycle: place.cycle, programme: place.programme + 1)
    return index + 1 < eras.count ? min(end, eras[index + 1].record.start) : end
  }

  /// The first datagram of what comes after the programme at `place`: the schedule's next, or the next era's first.
  func successor(ofProgrammeAt place: Era.Place, era index: Int) -> (era: Int, place: Era.Place) {
    let next = eras[index].nextProgramme(after: place)
    return isOver(next, era: index) ? first(of: index + 1) : (index, next)
  }
}

/// What a station plays at some date.
package struct OnAir: Hashable, Sendable {
  /// The tape's path, or the ring's of what is live; which programme that is, the schedule's owner knows.
  package var tape: String
  package var start: Ticks
  package var end: Ticks
  /// The tape of the programme after it.
  package var nextTape: String

  /// The end of what is live for as long as nobody says otherwise: in the year 2106.
  package static let open = Ticks.seconds(1 << 32)
}

extension Station {
  package func onAir(at date: Ticks) -> OnAir {
    let index = eraIndex(at: date)
    let era = eras[index]
    func first(of era: Era) -> String { era.record.ring ?? era.lineup.first?.tape.path ?? "" }
    if era.ring != nil {
      let next = index + 1 < eras.count ? eras[index + 1] : nil
      return OnAir(
        tape: first(of: era), start: era.record.start, end: next?.record.start ?? OnAir.open,
        nextTape: first(of: next ?? era))
    }
    let place = era.programme(at: date)
    let next = successor(ofProgrammeAt: place, era: index)
    return OnAir(
      tape: era.lineup[place.programme].tape.path,
      start: era.startDate(cycle: place.cycle, programme: place.programme),
      end: end(ofProgrammeAt: place, era: index),
      nextTape: eras[next.era].record.ring ?? eras[next.era].lineup[next.place.programme].tape.path)
  }
}
