import FoundationEssentials
import Subprocess
import SystemPackage

/// Runs `stationd-recorder`: one process makes one tape, and whatever happens to it is told, not thrown.
struct RecorderProcess: Sendable {
  let executable: String
  /// A recorder that says nothing new for so long is ended.
  var patience: Duration = .seconds(90)

  private struct Stalled: Error {}

  /// Makes a tape at `output` (`….ts`); cancelling the task ends the recorder at once.
  func record(
    _ request: TapeRequest, to output: String,
    news: @escaping @Sendable (RecorderLine) async -> Void
  ) async -> RecordingOutcome {
    var options = PlatformOptions()
    // Out of the terminal's reach: Ctrl-C is stationd's to handle.
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(200))]
    let patience = patience
    do {
      // Standard input stays open and unused: when this process ends, the recorder reads its end and ends too.
      let result = try await run(
        .path(FilePath(executable)), arguments: Arguments(arguments(request, output)), platformOptions: options,
        input: .inputWriter, output: .sequence, error: .sequence
      ) { recorder in
        try await withThrowingTaskGroup(of: String?.self) { group in
          let pulse = Pulse()
          group.addTask {
            for try await line in recorder.standardOutput.strings(bufferingPolicy: .maxLineLength(4096)) {
              guard await pulse.heard(line), let line = RecorderLine(line) else { continue }
              await news(line)
            }
            return nil
          }
          group.addTask { try await Self.lastLine(of: recorder.standardError) }
          group.addTask {
            while true {
              try await Task.sleep(for: patience / 4)
              if await pulse.silence > patience { throw Stalled() }
            }
          }
          let first = try await group.next() ?? nil
          let second = try await group.next() ?? nil
          group.cancelAll()
          return first ?? second
        }
      }
      return outcome(result.terminationStatus, lastWords: result.closureResult, on: request.label)
    } catch is Stalled {
      return .failed(reason: "the recorder made no progress for \(patience.components.seconds) s")
    } catch is CancellationError {
      return .failed(reason: "the recorder was ended")
    } catch {
      return .failed(reason: "the recorder \(executable) cannot be run: \(error)")
    }
  }

  func arguments(_ request: TapeRequest, _ output: String) -> [String] {
    var arguments =
      switch request.content {
      case .file(let source): [source.path, "-o", output, "--progress", "json", "--supervised"]
      // At normal priority: viewers wait for it, and it takes a moment only.
      case .card(let lines): ["card"] + lines.flatMap { ["--text", $0] } + ["-o", output]
      }
    if let format = request.formatJSON { arguments += ["--format", format] }
    if let bitrate = request.bitrate { arguments += ["--bitrate", "\(bitrate)"] }
    if let card = request.card { arguments += ["--card", card] }
    return arguments
  }

  /// Reads all of it, and keeps the last line that says anything, cut to a sensible length.
  static func lastLine(of output: SubprocessOutputSequence) async throws -> String? {
    var last: String?
    for try await line in output.strings(bufferingPolicy: .maxLineLength(65536))
    where !line.allSatisfy(\.isWhitespace) {
      last = String(line.prefix(300))
    }
    return last
  }

  /// What a recorder's exit status means (sysexits). Its last words are taken without its name and the file's.
  private func outcome(_ status: TerminationStatus, lastWords: String?, on file: String) -> RecordingOutcome {
    let words = lastWords.map { words in
      ["stationd-recorder: ", "\(file): "].reduce(words) { $0.hasPrefix($1) ? String($0.dropFirst($1.count)) : $0 }
    }
    switch status {
    case .exited(0): return .done
    case .exited(ExitStatus.badData): return .bad(reason: words ?? "it is no media file that can be played")
    case .exited(let code): return .failed(reason: words ?? "the recorder ended with status \(code)")
    case .signaled(let signal): return .failed(reason: "the recorder was ended by signal \(signal)")
    }
  }
}

/// When something new was last heard of a recorder.
private actor Pulse {
  private var last = ""
  private var heard = ContinuousClock.now

  var silence: Duration { ContinuousClock.now - heard }

  /// Whether the line is another than the one before.
  func heard(_ line: String) -> Bool {
    guard line != last else { return false }
    last = line
    heard = .now
    return true
  }
}
