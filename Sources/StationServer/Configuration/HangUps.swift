import Glibc
import LinuxIO
import UnixSignals

/// SIGHUP: whoever started stationd has it look at its configuration; or its terminal has gone, and then it ends.
enum HangUps {
  /// The requests to look, from now on.
  static func begin() async -> AsyncStream<Void> {
    let hadTerminal = Terminal.isTerminal(STDERR_FILENO)
    let signals = await UnixSignalsSequence(trapping: .sighup)
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    let listener = Task {
      for await _ in signals {
        if hadTerminal, !Terminal.isTerminal(STDERR_FILENO) {
          ThisProcess.signal(SIGTERM)
        } else {
          continuation.yield()
        }
      }
    }
    continuation.onTermination = { _ in listener.cancel() }
    return stream
  }
}
