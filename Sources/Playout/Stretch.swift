import Tape
import TransportStream

/// Datagrams that follow one another on one tape, and when that programme began.
package struct Stretch: Sendable {
  /// Whose datagrams they are.
  package let tape: Tape
  /// Their numbers on the tape.
  package let datagrams: Range<Int>
  /// What the tape's dates count from.
  package let start: Ticks

  /// When a datagram of the tape is due.
  package func date(of number: Int) -> Ticks { start + tape.date(of: number) }
}

extension Station {
  /// What is sent from one date up to another, by tapes, in order.
  package func stretches(from first: Ticks, to last: Ticks) -> [Stretch] {
    var stretches: [Stretch] = []
    var (index, place) = locate(first)
    // Programmes last a 90 kHz count at least, so this ends; a thousand of them between two dates are enough.
    for _ in 0..<1_000 {
      let era = eras[index]
      // What is live is in memory.
      if era.ring != nil {
        guard index + 1 < eras.count, eras[index + 1].record.start < last else { break }
        (index, place) = self.first(of: index + 1)
        continue
      }
      let showing = era.lineup[place.programme]
      let tape = showing.tape
      let start = era.startDate(cycle: place.cycle, programme: place.programme)
      guard start < last else { break }
      let end =
        start + showing.duration > last ? tape.firstDatagram(notBefore: last - start) : showing.tapeCount
      stretches.append(Stretch(tape: tape, datagrams: place.datagram..<max(place.datagram, end), start: start))
      (index, place) = successor(ofProgrammeAt: place, era: index)
    }
    return stretches
  }

  /// Datagrams per second of the schedule in force, at its mean: what the station costs whoever sends it.
  package var datagramRate: Double {
    let cycle = eras[eras.count - 1].cycle
    // Nobody knows: that of 4 Mb/s.
    guard cycle.duration > .zero else { return 400 }
    return Double(cycle.datagrams) / cycle.duration.inSeconds
  }
}
