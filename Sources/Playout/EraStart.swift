import Tape
import TransportStream

extension Era {
  /// The first era of a station whose schedule has a beginning: nothing has been sent before `date`, whole 90 kHz counts.
  package static func first(_ schedule: [Showing], from date: Ticks) throws(TapeError) -> Era {
    let record = EraRecord(start: date, anchor: date, base: AirCounts(), lineup: schedule, after: [:])
    return try Era(record, tapes: schedule.map(\.tape))
  }

  /// When all of its schedule has been played once.
  package var end: Ticks { record.anchor + cycle.duration }
}
