import Tape
import TransportStream

/// A place in a station's air that moves on datagram by datagram.
///
/// It remembers nothing that the number of its datagram does not say; it only spares looking that up again.
package struct StationCursor: Sendable {
  /// The datagram's number since the station's anchor.
  package private(set) var n: Int64 = 0
  /// When the datagram is due, and the value of the PCR that it carries, if any.
  package private(set) var date: Ticks = .zero

  private let station: Station
  private var era: Int
  private var place: Era.Place
  private var tape: Tape
  private var programme: ProgrammeOnAir

  init(_ station: Station, era: Int, place: Era.Place) {
    self.station = station
    self.era = era
    self.place = place
    (tape, programme) = StationCursor.enter(place, of: station, era: era)
    n = programme.firstNumber + Int64(place.datagram)
    date = programme.start + tape.date(of: place.datagram)
    tape.slide(to: place.datagram)
  }

  private static func enter(_ place: Era.Place, of station: Station, era index: Int) -> (Tape, ProgrammeOnAir) {
    let era = station.eras[index]
    let tape = era.tapes[place.programme]
    return (
      tape,
      ProgrammeOnAir(
        start: era.startDate(cycle: place.cycle, programme: place.programme),
        counts: era.counts(cycle: place.cycle, programme: place.programme),
        map: station.maps[index][place.programme])
    )
  }

  /// Moves on to the next datagram, over programmes, cycles and eras.
  package mutating func advance() {
    let next = place.datagram + 1
    let nextDate = programme.start + tape.date(of: next)
    // Dates that do not rise are a damaged index: the rest of the programme is given up, the next one is on time.
    guard next < tape.datagramCount, nextDate > date, nextDate < programme.start + tape.info.duration else {
      return enterNextProgramme()
    }
    place.datagram = next
    n += 1
    date = nextDate
    if next % Tape.windowStride == 0 { tape.slide(to: next) }
  }

  private mutating func enterNextProgramme() {
    tape.rest()
    (era, place) = station.successor(ofProgrammeAt: place, era: era)
    (tape, programme) = StationCursor.enter(place, of: station, era: era)
    n = programme.firstNumber + Int64(place.datagram)
    date = programme.start + max(tape.date(of: place.datagram), .zero)
    tape.slide(to: place.datagram)
  }

  /// Writes the datagram's transport packets, as they go on the air, to the start of `target`.
  ///
  /// - Returns: its length in bytes, 188 to 1,316; 0 when the tape is damaged here, and then nothing should be sent.
  package func write(into target: inout MutableSpan<UInt8>) -> Int {
    let length = tape.copy(place.datagram, to: &target)
    guard length > 0, Restamp.advanceCounters(in: &target, count: length, by: programme.counterShifts) else { return 0 }
    for number in tape.patches(of: place.datagram) {
      guard let patch = tape.patch(number), Int(patch.offset) + patch.kind.length <= length else { return 0 }
      let offset = Int(patch.offset)
      switch patch.kind {
      case .clock: ClockReference.add(programme.start.pcr, to: &target, at: offset)
      case .timeStamp: TimeStamp.add(programme.start.timestamp, to: &target, at: offset)
      case .association: station.tables.writeAssociation(counter: target[offset + 3], to: &target, at: offset)
      case .map: StationTables.write(programme.map, counter: target[offset + 3], to: &target, at: offset)
      case .slot:
        station.tables.writeSlot(
          programme.firstSlot + Int64(patch.ordinal), date: date, to: &target, at: offset)
      }
    }
    return length
  }
}

/// What one showing of a programme adds to its tape.
private struct ProgrammeOnAir: Sendable {
  let start: Ticks
  let firstNumber: Int64
  let firstSlot: Int64
  let counterShifts: SIMD16<UInt8>
  /// The program map's packet.
  let map: [UInt8]

  init(start: Ticks, counts: AirCounts, map: [UInt8]) {
    self.start = start
    firstNumber = counts.datagrams
    firstSlot = counts.slots
    counterShifts = counts.counterShifts
    self.map = map
  }
}

extension PatchPoint.Kind {
  /// Bytes that the patch writes.
  fileprivate var length: Int {
    switch self {
    case .clock: 6
    case .timeStamp: 5
    case .association, .map, .slot: TSPacket.size
    }
  }
}
