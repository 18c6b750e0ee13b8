import Tape

/// How far a tape is.
enum TapeStatus: Sendable {
  /// Nobody has begun it.
  case absent
  /// It waits for its recorder, for the first time or after as many failures as given here.
  case waiting(failures: Int, reason: String?)
  /// Percent done, after as many failures.
  case recording(percent: Int, failures: Int = 0, reason: String? = nil)
  case ready(Tape)
  /// Its source is no media that can be played, and will not be until the file changes.
  case bad(reason: String)

  /// After so many failures of its recorder in a row, a programme no longer holds up the others.
  static let patience = 3

  /// Why its recorder keeps failing; nil while it does not.
  var failure: String? {
    switch self {
    case .waiting(let failures, let reason) where failures >= Self.patience: reason ?? "its recorder fails"
    case .recording(_, let failures, let reason) where failures >= Self.patience: reason ?? "its recorder fails"
    default: nil
    }
  }
}

/// How a recorder's work ended.
enum RecordingOutcome: Equatable, Sendable {
  case done
  /// The source cannot be played: no use to try again while the file is the same.
  case bad(reason: String)
  /// The recorder crashed, hung or found no room: worth another try.
  case failed(reason: String)
}
