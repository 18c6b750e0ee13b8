import Glibc
import LinuxIO
import Reception

/// What a session's stream goes to: a player, and those it is about to take the place of, or a file.
struct Playback {
  /// How it came to its end.
  enum Ending: Equatable {
    /// Somebody ended it; what the viewer is told.
    case over(String)
    case failed(TunerError)
  }

  let output: Output
  private(set) var sink: any Sink
  /// Players that go on until the next one is fed.
  private var formers: [ChildProcess] = []

  /// Opens the file, or starts the player.
  init(_ output: Output, for tuning: Tuning) throws(TunerError) {
    self.output = output
    sink = try output.open(for: tuning)
  }

  /// The player of now; nil where there is none.
  var player: ChildProcess? { (sink as? PlayerSink)?.player }

  /// Starts another player where the one that is there cannot go on with a station.
  ///
  /// - Returns: its sink; nil when the one that is there goes on.
  mutating func change(from old: Tuning, to new: Tuning) throws(TunerError) -> (any Sink)? {
    guard output.isPlayer, !new.continues(old) else { return nil }
    let fresh = try output.open(for: new)
    if let player { formers.append(player) }
    sink = fresh
    return fresh
  }

  /// Ends the former players, for the one of now is fed.
  mutating func endFormers() async {
    let over = formers
    formers = []
    for former in over { await former.stop() }
  }

  /// Ends all players.
  mutating func stop() async {
    await endFormers()
    await player?.stop()
  }

  /// Whether the player has ended.
  ///
  /// - Parameter seconds: since the station was tuned to.
  func ending(after seconds: Double) -> Ending? {
    switch player?.poll() {
    case nil: nil
    case .exited(0): .over("The player was closed.")
    case .exited(127) where output != .ffplay:
      .failed(TunerError(.unavailable, "The player \"\(output.description)\" could not be started."))
    case .exited(let status) where seconds < 3:
      .failed(TunerError(.unavailable, "The player (\(output.description)) ended at once, with status \(status)."))
    case .exited(let status): .over("The player ended with status \(status).")
    case .killed(let signal): .over("The player was ended by signal \(signal).")
    }
  }

  /// What it means that nothing more can be written.
  func ending(_ fault: SystemError) -> Ending {
    guard fault.code == EPIPE else {
      return .failed(TunerError(.inputOutput, "Cannot write to \(output.description): \(fault.reason)."))
    }
    return .over(output.isPlayer ? "The player was closed." : "The reader of \(output.description) has gone.")
  }
}
