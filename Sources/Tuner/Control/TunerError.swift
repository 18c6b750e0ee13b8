import ArgumentParser
import LinuxIO

/// A failure as a person is told of it: one sentence or two, and an exit status (sysexits.h).
struct TunerError: Error, Equatable, CustomStringConvertible {
  enum Status: Int32 {
    /// EX_USAGE: the command line asks for something impossible.
    case usage = 64
    /// EX_DATAERR: there is no such station.
    case noStation = 65
    /// EX_UNAVAILABLE: the server, the player or the session is not there.
    case unavailable = 69
    /// EX_SOFTWARE
    case software = 70
    /// EX_OSERR: the system refuses a thread, a socket …
    case system = 71
    /// EX_CANTCREAT: the output cannot be made.
    case cannotCreate = 73
    /// EX_IOERR: the output cannot be written.
    case inputOutput = 74
    /// EX_TEMPFAIL: later it may work.
    case temporary = 75
  }

  var status: Status
  /// Printable: what failed may have been named by somebody else.
  let description: String

  init(_ status: Status, _ description: String) {
    self.status = status
    self.description = printable(description)
  }

  init(_ error: SystemError) {
    self.init(.system, "\(error.description.prefix(1).uppercased())\(error.description.dropFirst()).")
  }

  /// Runs a command; an error goes to standard error as one line and becomes the exit status.
  static func reported(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let error as TunerError {
      DescriptorIO.log("tuner: \(error)")
      throw ExitCode(error.status.rawValue)
    } catch let error as SystemError {
      DescriptorIO.log("tuner: \(TunerError(error))")
      throw ExitCode(Status.system.rawValue)
    }
  }
}
