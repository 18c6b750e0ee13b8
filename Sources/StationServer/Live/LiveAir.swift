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
struct LiveAir: Sendable {
  enum Phase: Equatable, Sendable {
    /// Its recorders are making the ring.
    case opening
    /// The ring is on the air, or will be at the date that was said.
    case onAir
    /// The ring ends at this date.
    case leaving(Ticks)
  }

  var duty: LiveDuty
  /// Where it begins, if something else was on the air before.
  var boundary: EraBoundary?
  var phase = Phase.opening
  /// What the recorder on duty last said.
  var report: LiveReport?
  /// Bit/s, as it has been sent lately; 0 while that is not known.
  var bitrate = 0
  /// How many datagrams its ring has had, and since when: steady nanoseconds.
  private var pulse: (count: Int64, since: Int64)?

  /// A ring that begins where something else ends has to be there so long before that.
  static let notice = Ticks.milliseconds(500)
  /// Its recorders have so much time to begin.
  static let preparation = Ticks.seconds(4)
  /// A ring whose recorder does not say that it has left is given up so long after its end.
  static let patience = Ticks.seconds(1)
  /// A ring that nothing comes into for so long, whatever recorders are begun, is no good: 20 s, in nanoseconds.
  static let drought: Int64 = 20_000_000_000

  init(duty: LiveDuty, boundary: EraBoundary? = nil, phase: Phase = .opening) {
    (self.duty, self.boundary, self.phase) = (duty, boundary, phase)
  }

  var assignment: LiveAssignment {
    if case .leaving(let date) = phase { LiveAssignment(what: duty, leave: date) } else { LiveAssignment(what: duty) }
  }

  /// Whether a ring can go on with this duty: streams do not change within one.
  func canGoOn(as new: LiveDuty) -> Bool { duty.format == new.format && duty.seconds == new.seconds }

  /// Whether nobody has seen anything of it, nor will soon.
  func isOnlyPlanned(at now: Ticks) -> Bool {
    switch phase {
    case .opening: true
    case .onAir: boundary != nil && duty.from > now + StationEras.notice
    case .leaving: false
    }
  }

  /// Takes in how many datagrams its ring has had by `now`, steady nanoseconds.
  ///
  /// - Returns: whether there were no new ones for too long.
  mutating func isDry(_ count: Int64, at now: Int64) -> Bool {
    if pulse?.count != count { pulse = (count, now) }
    return pulse.map { now - $0.since > Self.drought } ?? false
  }

  /// Why the card is shown; nil while the source is.
  var reason: String? {
    guard let report else { return "its recorder begins" }
    return report.showsSource ? nil : report.reason ?? "its source is being opened"
  }

  /// What viewers are told is on.
  var title: String {
    if case .testCard = duty.source { "Test card" } else { "Live" }
  }

  /// Takes in at which rate it is sent: bit/s. Viewers are told of it when it is another.
  ///
  /// - Returns: whether it is.
  mutating func isSent(at rate: Int) -> Bool {
    guard rate > 0, abs(rate - bitrate) * 5 > bitrate else { return false }
    bitrate = rate
    return true
  }
}
