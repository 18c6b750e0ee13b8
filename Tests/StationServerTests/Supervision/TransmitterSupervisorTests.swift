import LinuxIO
import Logging
import Synchronization
import SyntheticTape
import Testing

@testable import StationServer

@Suite struct TransmitterSupervisorTests {
  /// Ctrl-C while the next stationd is starting: nobody has taken over from the elder, and nobody would end it.
  @Test func takesAnElderOffTheAir() throws {
    let directory = try TemporaryDirectory()
    let heard = Mutex<[String]>([])
    let elder = try UnixServer(path: Handover.socketPath(directory: directory.path, pid: 1)) { line in
      heard.withLock { $0.append(line) }
      return "{}"
    }
    defer { elder.close() }
    TransmitterSupervisor.dismissElders(in: directory.path)
    #expect(heard.withLock(\.last) == #"{"leave":{}}"#)
  }

  /// Stopped, or stuck: its process is there, and its socket, and nothing comes out.
  @Test func noticesATransmitterThatDoesNotAnswer() async throws {
    let lab = try StationLab([["a.mp4"]])
    let path = lab.directory.path("t.sock")
    let isHanging = Mutex(false)
    let hung = try UnixServer(path: path) { _ in
      while isHanging.withLock(\.self) { SteadyClock.sleep(until: SteadyClock.now + 5_000_000) }
      return #"{"error":"no plan yet"}"#
    }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let feed = TransmitterFeed(
      registry: lab.registry(), clock: AirTime(offset: 0), logger: logger, socket: path, patience: .milliseconds(300))

    let ended = Mutex(false)
    let task = Task {
      await feed.run()
      ended.withLock { $0 = true }
    }
    try await Task.sleep(for: .milliseconds(900))
    let early = ended.withLock { $0 }
    #expect(!early, "it answers, if only with a complaint")
    isHanging.withLock { $0 = true }
    await task.value
    isHanging.withLock { $0 = false }
    hung.close()
  }

  /// The transmitter died and another one was started: it hears of the next plan as the first one did.
  @Test(.timeLimit(.minutes(1))) func feedsTheNextTransmitterToo() async throws {
    let lab = try StationLab([["a.mp4"]])
    let registry = lab.registry()
    let path = lab.directory.path("t.sock")
    let plans = Mutex(0)
    let transmitter = try UnixServer(path: path) { line in
      if line.contains("plan") { plans.withLock { $0 += 1 } }
      return #"{"ready":{"clockOffset":0,"faults":[]}}"#
    }
    defer { transmitter.close() }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    for round in 1...3 {
      let feed = TransmitterFeed(registry: registry, clock: AirTime(offset: 0), logger: logger, socket: path)
      let task = Task { await feed.run() }
      while plans.withLock({ $0 }) < 2 * round - 1 { try await Task.sleep(for: .milliseconds(5)) }
      registry.planWake()
      while plans.withLock({ $0 }) < 2 * round { try await Task.sleep(for: .milliseconds(5)) }
      task.cancel()
      await task.value
    }
  }
}
