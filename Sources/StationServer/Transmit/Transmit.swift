import ArgumentParser
import Glibc
import LinuxIO

/// `stationd transmit`: the process that sends. It touches tapes and sending sockets, nothing else, and stays on the air
/// whatever becomes of the process that started it.
struct Transmit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transmit",
    abstract: "Send stations as told over a Unix socket. Started by stationd, not by people.",
    shouldDisplay: false)

  @Option(help: "The directory for this process's socket, transmitter-PID.sock.")
  var directory: String

  func run() throws {
    Signals.ignore([SIGHUP, SIGINT, SIGPIPE])
    ThisProcess.leaveSession()
    do {
      let signals = try CaughtSignals([SIGTERM])
      try BusErrorGuard.install()
      let path = Handover.socketPath(directory: directory, pid: ThisProcess.pid)
      let desk = TransmitDesk(handover: Handover(directory: directory, path: path)) {
        ThisProcess.signal(SIGTERM)
      }
      let server = try UnixServer(path: path) { desk.answer($0) }
      while try signals.wait(timeoutMilliseconds: 1000) == nil {
        desk.followInterface()
        desk.tryAgain()
      }
      desk.leave()
      server.close()
      // A request to leave may just be being answered.
      SteadyClock.sleep(until: SteadyClock.now + 20_000_000)
    } catch {
      Self.log("\(error)")
      throw ExitCode(71)  // EX_OSERR
    }
  }

  static func log(_ line: String) {
    DescriptorIO.log("stationd transmit: \(line)")
  }
}
