import Playout

/// What a server has on the air, as its twins have to know it to send the same datagrams: the JSON behind `eras`.
///
/// Tapes go by what they are (`Tape.content`), not by their paths: each server has made its own, or has a copy.
struct AirAccount: Codable, Equatable, Sendable {
  /// The form of this account: one with another is not understood.
  var version = Self.version
  /// Of one run of one server: so that one whose configuration names itself among its twins knows.
  var id: Int64
  /// When that run began, by its clock, and later than all twins that it found running: Unix nanoseconds.
  var began: Int64
  /// While it has put nothing on the air yet; nil since then.
  var starting: Starting?
  /// In the order of their numbers.
  var stations: [Station]

  static let version = 1

  /// What servers tell each other that start at the same moment: see ``TwinMeeting``.
  struct Starting: Codable, Equatable, Sendable {
    /// When the last era begins of those that an earlier run has left, of all stations: ticks; 0 when there is none.
    var latest: Int64
    /// The twins that it has found starting as well: their ``AirAccount/id``.
    var met: [Int64] = []
  }

  struct Station: Codable, Equatable, Sendable {
    var number: Int
    /// Stations are the same whose SSRCs are.
    var ssrc: UInt32
    /// Whether it plays as it happens: what it sends is known to its recorder alone.
    var isLive: Bool
    /// Whether it has no programme to show, and shows its card.
    var isOnStandby: Bool
    /// With ``Tape/content`` in place of paths; empty while it sends nothing.
    var eras: [EraRecord]
  }
}
