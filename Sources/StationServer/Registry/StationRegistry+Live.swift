import FoundationEssentials
import LinuxIO
import Playout
import Tape
import TransportStream

/// Live stations: which recorders there are to be, and what becomes of their rings.
extension StationRegistry {
  /// What live recorders are to do now.
  func liveDuties() -> [LiveAssignment] { numbers.compactMap { entries[$0]?.live?.assignment } }

  /// What a recorder on duty says.
  func reported(_ duty: LiveDuty, _ report: LiveReport) {
    guard var entry = entries[duty.station], entry.live?.duty.ring == duty.ring else { return }
    entry.live?.report = report
    entries[duty.station] = entry
    touched.insert(duty.station)
    publish()
  }
}
