import Tape
import TransportStream

extension Era {
  /// The era that follows this one with another schedule: it takes over where the programme on the air at `date` ends,
  /// with the programme that `schedule` has after that one, and every counter goes on.
  ///
  /// - Parameters:
  ///   - schedule: the tapes from then on, in order; at least one.
  ///   - date: must lie far enough ahead for the new era to reach the transmitter before it begins.
  package func followed(by schedule: [Tape], after date: Ticks) throws(TapeError) -> Era {
    let place = place(at: max(date, record.start))
    let ending = tapes[place.programme].path
    let boundary = startDate(cycle: place.cycle, programme: place.programme + 1)
    let counts = counts(cycle: place.cycle, programme: place.programme) + AirCounts(tapes[place.programme])

    let first = schedule.firstIndex { $0.path == ending }.map { ($0 + 1) % schedule.count } ?? 0
    let skipped = schedule[..<first].reduce(into: AirCounts()) { $0 = $0 + AirCounts($1) }
    let known = Dictionary(
      zip(tapes.map(\.map.body), record.mapVersions), uniquingKeysWith: { first, _ in first })
    let next = EraRecord(
      start: boundary, anchor: boundary - skipped.duration, base: counts - skipped, tapes: schedule.map(\.path),
      mapVersions: EraRecord.mapVersions(of: schedule, after: known))
    return try Era(next, tapes: schedule)
  }
}
