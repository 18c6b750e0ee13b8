import FoundationEssentials
import Glibc
import LinuxIO
import Logging
import NIOPosix
import ServiceLifecycle
import Subprocess
import SystemPackage
import TransportStream

/// Keeps a transmitter on the air: starts it, tells it what to send, watches it, and starts another one when it dies.
///
/// On a graceful shutdown it takes the transmitter down with it. If this process dies in any other way the transmitter
/// stays, and hands over to that of the next stationd.
struct TransmitterSupervisor: Service {
  let registry: StationRegistry
  let executable: String
  let directory: String
  let clock: AirTime
  let logger: Logger

  /// So long one may take that was asked to leave: nanoseconds.
  private static let patience: Int64 = 1_000_000_000

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var respite = Respite()
      while !Task.isCancelled {
        let born = SteadyClock.now
        let end = await transmit()
        guard !Task.isCancelled else { break }
        let wait = respite.afterDeath(lived: Double(SteadyClock.now - born) / 1e9)
        let next = wait == 0 ? "another one takes over" : "another one follows in \(wait) s"
        logger.warning("the transmitter \(end): \(next)")
        if wait > 0 { try? await Task.sleep(for: .seconds(wait)) }
      }
    }
  }

  /// Takes transmitters off the air that an earlier stationd left there, and from which none of this one's has taken over
  /// yet. To be called when this one's own has ended.
  static func dismissElders(in directory: String) {
    let handover = Handover(directory: directory, path: "")
    for elder in handover.findElders().elders {
      _ = try? handover.ask(elder, TransmitRequest(leave: .init(at: nil)), 1000)
      let end = SteadyClock.now + patience
      while UnixServer.isAlive(elder), SteadyClock.now < end { SteadyClock.sleep(until: SteadyClock.now + 5_000_000) }
    }
  }

  /// Runs one transmitter to its end, and says how it ended.
  private func transmit() async -> String {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(400))]
    do {
      // Its standard output says nothing; its end is the first sign of a transmitter's death.
      let result = try await Subprocess.run(
        .path(FilePath(executable)), arguments: ["transmit", "--directory", directory], platformOptions: options,
        input: .none, output: .sequence, error: .currentStandardError
      ) { transmitter in
        let process = transmitter.processIdentifier.value
        let feed = TransmitterFeed(
          registry: registry, clock: clock, logger: logger, socket: "\(directory)/transmitter-\(process).sock")
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { for try await _ in transmitter.standardOutput {} }
          group.addTask {
            await feed.run()
            guard !Task.isCancelled else { return }
            logger.error("the transmitter does not answer any more: it is ended")
            _ = ThisProcess.signal(process, SIGKILL)
            try await Task.sleep(for: .seconds(1 << 30))
          }
          try await group.next()
          group.cancelAll()
        }
      }
      switch result.terminationStatus {
      case .exited(let code): return "ended with status \(code)"
      case .signaled(let signal): return "was ended by signal \(signal)"
      }
    } catch {
      return "cannot be run: \(error)"
    }
  }
}
