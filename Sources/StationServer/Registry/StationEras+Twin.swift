import Playout
import Tape
import TransportStream

extension StationEras {
  /// Takes over the eras of another server that sends the same station.
  ///
  /// - Parameter records: those in force and to come, with this server's tapes; at least one.
  /// - Returns: whether anything changed.
  mutating func follow(_ records: [EraRecord], at now: Ticks) throws(TapeError) -> Bool {
    let current = records[Self.current(records, at: now)]
    let own = eras.map(\.record)
    guard own[Self.current(own, at: now)] != current else { return false }
    var open = OpenTapes(eras.flatMap(\.tapes))
    var new: [Era] = []
    for record in current { new.append(try Era(record, from: &open)) }
    // What was before them stays what streams reach back to.
    let before = eras.firstIndex { $0.record == current.first }.map { eras[..<$0] } ?? []
    return set(before + new, at: now)
  }
}
