import Logging
import NIOPosix
import ServiceLifecycle
import Tape

/// Holds every tape that was found at the start against its checksum, one after the other, when the stations are on the
/// air: reading them all takes time that a start has not.
struct TapeInspector: Service {
  let registry: StationRegistry
  let logger: Logger
  var delay = Duration.seconds(5)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      try? await Task.sleep(for: delay)
      for tape in await registry.readyTapes() {
        guard !Task.isCancelled else { return }
        do {
          try await NIOThreadPool.singleton.runIfActive { _ = try Tape(path: tape.output, verify: true) }
        } catch let error as TapeError {
          logger.warning("\(error): it is made anew")
          await registry.damaged(tape.request)
        } catch {}
        try? await Task.sleep(for: .milliseconds(10))
      }
      try? await Task.sleep(for: .seconds(1 << 30))
    }
  }
}
