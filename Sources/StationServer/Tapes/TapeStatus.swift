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
}

/// How a recorder's work ended.
enum RecordingOutcome: Equatable, Sendable {
  case done
  /// The source cannot be played: no use to try again while the file is the same.
  case bad(reason: String)
  /// The recorder crashed, hung or found no room: worth another try.
  case failed(reason: String)
}
