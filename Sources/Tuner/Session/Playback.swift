import Desktop
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
  /// Players that go on until the next one is fed, and seen.
  private var formers: [ChildProcess] = []
  /// When it was first known that the next one is fed, in steady nanoseconds.
  private var fed: Int64?
  /// The window of ffplay. Other players have their own ways with windows.
  private let window: PlayerWindow?
  /// How long a window is waited for that takes another one's place, in nanoseconds.
  private static let patience: Int64 = 2_000_000_000

  /// Opens the file, or starts the player.
  init(_ output: Output, for tuning: Tuning) throws(TunerError) {
    self.output = output
    let sink = try output.open(for: tuning)
    self.sink = sink
    window =
      if output == .ffplay, let player = (sink as? PlayerSink)?.player {
        try? PlayerWindow(of: player.pid, title: Output.title(of: tuning))
      } else {
        nil
      }
  }

  /// Whether it is a pipe that nobody reads yet.
  var isUnread: Bool { (try? sink.isReady()) == false }

  /// Why what goes on with `old` cannot go on with another station: two kinds of codecs in one file or pipe, which no
  /// player follows. Nil where it can.
  func refusal(of new: Tuning, after old: Tuning) -> TunerError? {
    guard !output.isPlayer, !new.continues(old) else { return nil }
    return TunerError(
      .temporary,
      "\(new.station.number) \(printable(new.station.name)) has other codecs than what \(output.description) has been "
        + "given so far, and no player follows that. End the tuner first (tuner terminate).")
  }

  /// The player of now; nil where there is none.
  var player: ChildProcess? { (sink as? PlayerSink)?.player }

  /// Starts another player where the one that is there cannot go on with a station; its window takes the former's place.
  ///
  /// - Returns: its sink; nil when the one that is there goes on.
  mutating func change(from old: Tuning, to new: Tuning) throws(TunerError) -> (any Sink)? {
    guard output.isPlayer, !new.continues(old) else { return nil }
    let fresh = try output.open(for: new, at: window?.place)
    if let player { formers.append(player) }
    sink = fresh
    fed = nil
    if let player { window?.follow(player.pid, title: Output.title(of: new)) }
    return fresh
  }

  /// The player of now is fed: its window is called after the station, and the former players end as soon as that window
  /// is there, if they had one.
  ///
  /// - Parameter now: steady nanoseconds.
  mutating func feeds(_ tuning: Tuning, now: Int64) async {
    window?.entitle(Output.title(of: tuning))
    guard !formers.isEmpty else { return }
    let since = fed ?? now
    fed = since
    if let window, window.place != nil, !window.isShown, now - since < Self.patience { return }
    await endFormers()
  }

  private mutating func endFormers() async {
    let over = formers
    formers = []
    for former in over { await former.stop() }
  }

  /// Ends all players.
  mutating func stop() async {
    window?.stop()
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
