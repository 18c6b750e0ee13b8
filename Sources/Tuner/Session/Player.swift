import Desktop
import Glibc
import LinuxIO
import Reception
import Wire

/// Where the stream goes.
enum Output: Sendable, Equatable {
  /// ffplay, in a window with the station's name.
  case ffplay
  /// Any program that reads a transport stream from its standard input, as a shell command.
  case player(String)
  /// By its path; whether a file that is there is replaced.
  case file(String, replaces: Bool)
  case standardOutput

  /// As `tuner status` says it.
  var description: String {
    switch self {
    case .ffplay: "ffplay"
    case .player(let command): command
    case .file(let path, _): path
    case .standardOutput: "standard output"
    }
  }

  var isPlayer: Bool {
    switch self {
    case .ffplay, .player: true
    case .file, .standardOutput: false
    }
  }

  /// What ffplay's window is called.
  static func title(of tuning: Tuning) -> String { printable(tuning.station.name) }

  /// The player's command line for a station; empty for files.
  ///
  /// - Parameter place: where ffplay's window is to be; nil leaves that to ffplay.
  func arguments(for tuning: Tuning, at place: WindowPlace? = nil) -> [String] {
    switch self {
    case .ffplay:
      // It begins as soon as it knows its streams: without -scan_all_pmts and -fpsprobesize it would read on to the end of
      // -probesize; "-fflags nobuffer" would throw away what it has read until then, and with it the first pictures. Frames
      // decoded on several threads at once would come out later by as many. -stats tells what it shows (PlayerGauge), and
      // -autoexit ends it with its pipe.
      ["ffplay", "-hide_banner", "-stats", "-loglevel", "fatal", "-autoexit", "-f", "mpegts"]
        + ["-scan_all_pmts", "0", "-fpsprobesize", "0", "-probesize", "5000000", "-analyzeduration", "5000000"]
        + ["-thread_type", "slice"]
        + ["-window_title", Self.title(of: tuning)] + (tuning.video == nil ? ["-showmode", "1"] : [])
        + (place?.arguments ?? []) + ["-i", "pipe:0"]
    case .player(let command): ["/bin/sh", "-c", command]
    case .file, .standardOutput: []
    }
  }

  /// Opens the file or starts the player.
  ///
  /// - Parameter place: where ffplay's window is to be.
  func open(for tuning: Tuning, at place: WindowPlace? = nil) throws(TunerError) -> any Sink {
    do throws(SystemError) {
      switch self {
      case .ffplay: return try gauged(arguments(for: tuning, at: place))
      case .player: return PlayerSink(try ChildProcess(arguments(for: tuning)))
      case .file, .standardOutput: break
      }
    } catch {
      throw TunerError(
        .unavailable,
        "\(TunerError(error)) Install it (ffplay comes with ffmpeg), name another player with --player, or write the "
          + "stream with --output.")
    }
    guard case .file(let path, let replaces) = self else {
      return FileSink(Descriptor(owning: STDOUT_FILENO), isShared: true)
    }
    return try OutputFile.open(path, replaces: replaces)
  }
}

extension WindowPlace {
  /// As ffplay wants it said.
  fileprivate var arguments: [String] {
    ["-left", "\(left)", "-top", "\(top)", "-x", "\(width)", "-y", "\(height)"] + (isFullScreen ? ["-fs"] : [])
  }
}

/// Starts a player that tells what it plays on standard error.
private func gauged(_ arguments: [String]) throws(SystemError) -> PlayerSink {
  let gauge = try PlayerGauge()
  let sink = PlayerSink(try ChildProcess(arguments, output: gauge.output), hasGauge: true)
  // The player is not kept by those who listen to it.
  try gauge.listen { [weak sink] clock in sink?.tell(clock) }
  return sink
}

extension ChildProcess {
  /// Ends the program: SIGTERM, and SIGKILL when it has not ended by then.
  func stop(within patience: Duration = .milliseconds(500)) async {
    signal(SIGTERM)
    let limit = ContinuousClock.now + patience
    while poll() == nil, ContinuousClock.now < limit { try? await Task.sleep(for: .milliseconds(10)) }
    signal(SIGKILL)
    for _ in 0..<50 where poll() == nil { try? await Task.sleep(for: .milliseconds(10)) }
  }
}
