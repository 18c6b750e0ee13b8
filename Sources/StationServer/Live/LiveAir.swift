import Playout
import Tape
import TransportStream

/// What the recorders of one station are to do, and whether that comes to an end.
struct LiveAssignment: Equatable, Sendable {
  var what: LiveDuty
  /// The date at which the ring ends.
  var leave: Ticks?
}

/// A station's live part of the air: from the order to its recorders to the end of its ring.
struct LiveAir: Equatable, Sendable {
  enum Phase: Equatable, Sendable {
    /// Its recorders are making the ring.
    case opening
    /// The ring is on the air, or will be at the date that was said.
    case onAir
    /// The ring ends at this date.
    case leaving(Ticks)
  }

  var duty: LiveDuty
  var phase = Phase.opening
  /// What the recorder on duty last said.
  var report: LiveReport?

  var assignment: LiveAssignment {
    if case .leaving(let date) = phase { LiveAssignment(what: duty, leave: date) } else { LiveAssignment(what: duty) }
  }

  /// Whether a ring can go on with this duty: streams do not change within one.
  func canGoOn(as new: LiveDuty) -> Bool { duty.format == new.format && duty.seconds == new.seconds }
}
