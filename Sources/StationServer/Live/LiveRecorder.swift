import FoundationEssentials
import Glibc
import LinuxIO
import Subprocess
import SystemPackage
import Tape

/// Runs `stationd-recorder live`: one process, from its start to its end.
struct LiveRecorder: Sendable {
  let executable: String
  /// Comes before all other arguments: for tests, whose recorders are scripts.
  var leading: [String] = []

  /// What one process is told and tells, for whoever holds the other end.
  struct Line: Sendable {
    /// What it is to do.
    let orders: AsyncStream<LiveOrder>
    /// It has begun, and has this process id.
    let began: @Sendable (_ process: Int32) async -> Void
    /// It says how it is.
    let said: @Sendable (LiveReport) async -> Void
  }

  /// A recorder that has ended before it read its source is an error of the write, not stationd's end.
  private static let brokenPipesAreErrors: Void = Signals.ignore([SIGPIPE])

  /// Runs a recorder until it ends; cancelling the task ends it at once.
  ///
  /// - Parameters:
  ///   - source: goes by standard input: a feed's URL may have a password in it, and arguments are in every list of
  ///     processes.
  ///   - arguments: all the rest.
  /// - Returns: how it ended, as the end of a sentence: "was ended by signal 9".
  func run(_ source: LiveSource, _ arguments: [String], _ line: Line) async -> String {
    Self.brokenPipesAreErrors
    var options = PlatformOptions()
    // Out of the terminal's reach: Ctrl-C is stationd's to handle.
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(400))]
    do {
      // Its input stays open: when this process ends, the recorder reads the end, and looks for the next one's.
      let result = try await Subprocess.run(
        .path(FilePath(executable)), arguments: Arguments(leading + arguments), platformOptions: options,
        input: .inputWriter, output: .sequence, error: .sequence
      ) { recorder in
        await line.began(recorder.processIdentifier.value)
        return try await withThrowingTaskGroup(of: String?.self) { group in
          let input = recorder.standardInputWriter
          group.addTask {
            _ = try? await input.write(Self.json(LiveOrder(source: source)) + "\n")
            for await order in line.orders { _ = try? await input.write(Self.json(order) + "\n") }
            // No more orders are no reason to end.
            while !Task.isCancelled { try await Task.sleep(for: .seconds(1 << 30)) }
            return nil
          }
          group.addTask {
            for try await text in recorder.standardOutput.strings(bufferingPolicy: .maxLineLength(4096)) {
              guard let report = try? JSONDecoder().decode(LiveReport.self, from: Data(text.utf8)) else { continue }
              await line.said(report)
            }
            return nil
          }
          group.addTask { try await RecorderProcess.lastLine(of: recorder.standardError) }
          let first = try await group.next() ?? nil
          let second = try await group.next() ?? nil
          group.cancelAll()
          return first ?? second
        }
      }
      let words = result.closureResult.map { ": \($0)" } ?? ""
      switch result.terminationStatus {
      case .exited(let code): return "ended with status \(code)\(words)"
      case .signaled(let signal): return "was ended by signal \(signal)"
      }
    } catch is CancellationError {
      return "was ended"
    } catch {
      return "cannot be run: \(error)"
    }
  }

  private static func json(_ order: LiveOrder) -> String {
    (try? JSONEncoder().encode(order)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
