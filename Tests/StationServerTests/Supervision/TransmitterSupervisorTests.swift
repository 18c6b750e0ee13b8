import LinuxIO
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
}
