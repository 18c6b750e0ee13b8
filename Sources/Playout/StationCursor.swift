import Tape
import TransportStream

/// A place in a station's air that moves on datagram by datagram.
///
/// It remembers nothing that the number of its datagram does not say; it only spares looking that up again. It is large, for
/// all that a datagram needs stands in it: whoever is in a hurry does not copy it, but calls what changes it.
package struct StationCursor: Sendable {
  /// The datagram that it stands on.
  package private(set) var position: AirPosition
  /// The number of the datagram that it stands on.
  package var n: Int64 { position.n }
  /// When that is due.
  package var date: Ticks { position.date }

  /// Keeps the tapes open that are read.
  private let station: Station
  private var era: Int
  /// One of the two.
  private var tape: TapeStand?
  private var ring: RingStand?

  init(_ station: Station, era: Int, place: Era.Place) {
    self.station = station
    self.era = era
    if let ring = station.eras[era].ring {
      let stand = RingStand(ring, of: station, era: era)
      position = stand.position(at: Int64(place.datagram), from: station.eras[era].record.start)
      self.ring = stand
    } else {
      let stand = TapeStand(station, era: era, place: place)
      position = stand.position
      tape = stand
    }
  }

  /// Moves on to the next datagram, over programmes, cycles and eras.
  package mutating func advance() {
    let hasMore = tape?.advance(&position) ?? ring?.advance(&position) ?? false
    if !hasMore { enterNextProgramme() }
  }

  /// Where it stands on a datagram that was not there yet: looks again, and passes over what is not there any more. A live
  /// era that is over ends here.
  package mutating func look(now: Ticks) -> AirPosition {
    guard position.isPending else { return position }
    let goesOn = ring?.look(&position, now: now) ?? true
    if !goesOn || (position.isPending && isOver(now)) { enterNextProgramme() }
    return position
  }

  private func isOver(_ now: Ticks) -> Bool {
    era + 1 < station.eras.count && station.eras[era + 1].record.start <= now
  }

  private mutating func enterNextProgramme() {
    let before = position.date
    let next: (era: Int, place: Era.Place)
    if let place = tape?.place {
      next = station.successor(ofProgrammeAt: place, era: era)
    } else if era + 1 < station.eras.count {
      next = station.first(of: era + 1)
    } else {
      return
    }
    self = StationCursor(station, era: next.era, place: next.place)
    // Dates rise, whatever a damaged index says.
    let start = tape?.start ?? before
    position.date = max(position.date, start)
  }

  /// Writes the datagram's transport packets, as they go on the air, to the start of `target`.
  ///
  /// - Returns: its length in bytes, 188 to 1,316; 0 when the tape is damaged here, or the datagram is not there, and then
  ///   nothing should be sent.
  package func write(into target: inout MutableSpan<UInt8>) -> Int {
    var same = self
    return same.fill(&target)
  }

  /// As ``write(into:)``, and then moves on; returns also where to.
  package mutating func take(into target: inout MutableSpan<UInt8>) -> (length: Int, next: AirPosition) {
    let length = fill(&target)
    advance()
    return (length, position)
  }

  private mutating func fill(_ target: inout MutableSpan<UInt8>) -> Int {
    guard !position.isPending else { return 0 }
    return tape?.fill(&target, position.date, station.tables)
      ?? ring?.fill(&target, position.n, position.date, station.tables) ?? 0
  }
}
