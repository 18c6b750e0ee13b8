import FoundationEssentials
import Tape

/// One line of a recorder's standard output: how far it is, or what it has found.
struct RecorderLine: Decodable, Equatable, Sendable {
  struct Progress: Decodable, Equatable, Sendable {
    /// 0 to 100.
    var percent: Double
    /// Seconds of the programme made per second.
    var speed: Double?
    var secondsLeft: Double?
  }

  var progress: Progress?
  /// What the tape's streams will be: said once, as soon as the source is open.
  var format: HouseFormat?

  /// Nil for a line that is none of a recorder's: it is then left out.
  init?(_ line: String) {
    guard let decoded = try? JSONDecoder().decode(RecorderLine.self, from: Data(line.utf8)) else { return nil }
    self = decoded
  }
}
