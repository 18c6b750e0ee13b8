import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxIO

struct TerminateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "terminate", abstract: "Stop the running tuner and its player.",
    discussion: """
      EXAMPLE
        tuner terminate

      Exits with status 69 when no tuner of this user is running.
      """)

  func run() async throws {
    try await TunerError.reported {
      let place = try SessionPlace(environment: ProcessInfo.processInfo.environment)
      let reply: SessionReply?
      do {
        reply = try place.ask(SessionRequest(type: .terminate), timeoutMilliseconds: 2000)
      } catch  where place.holder == nil {
        reply = SessionReply(message: "Stopped.")  // it ended before it could answer
      } catch {
        reply = try Self.force(place)
      }
      if let reply {
        print(printable(reply.message))
      } else if place.holder != nil {
        print(try Self.force(place).message)
      } else {
        throw TunerError(.unavailable, "No tuner is running.")
      }
    }
  }

  /// Ends a tuner that holds its lock but answers nobody; its player ends with the pipe.
  private static func force(_ place: SessionPlace) throws(TunerError) -> SessionReply {
    guard let pid = place.holder else { return SessionReply(message: "Stopped.") }
    guard ThisProcess.signal(pid, SIGKILL) else {
      throw TunerError(.temporary, "The running tuner (process \(pid)) does not answer and cannot be ended.")
    }
    return SessionReply(message: "The tuner (process \(pid)) did not answer and was ended by force.")
  }
}
