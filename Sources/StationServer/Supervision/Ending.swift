import Glibc
import LinuxIO
import ServiceLifecycle

/// SIGTERM and SIGINT: stationd is to end, and all that it has on the air with it. They are caught from the first moment on,
/// for there may be a transmitter of an earlier stationd on the air, and whoever ends this one before it has taken over wants
/// that to end as well.
final class Ending: Sendable {
  private let requests: AsyncStream<Void>

  /// Catches them from now on: once in a process.
  init() throws(SystemError) {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    requests = stream
    let signals = Caught(try CaughtSignals([SIGTERM, SIGINT]))
    try RealTimeThread.detach(name: "signals") {
      while (try? signals.signals.wait()) != nil { continuation.yield() }
    }
  }

  /// Returns when one of them has come, also if that was before anybody waited; for one at a time.
  func come() async {
    for await _ in requests { return }
  }

  private final class Caught: Sendable {
    let signals: CaughtSignals

    init(_ signals: consuming CaughtSignals) { self.signals = signals }
  }
}

/// Ends, and its group with it, when stationd is to end.
struct EndingWatch: Service {
  let ending: Ending

  func run() async throws {
    await cancelWhenGracefulShutdown { await ending.come() }
  }
}
