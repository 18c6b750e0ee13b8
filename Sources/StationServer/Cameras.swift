import ArgumentParser
import LinuxIO

/// `stationd cameras`: the recorder, which alone knows cameras, in this program's place.
struct Cameras: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cameras",
    abstract: "Lists this machine's cameras, with their formats, sizes and rates, and its microphones.")

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    do {
      let recorder = try Program.locate().recorder
      let error = ThisProcess.become([recorder, "cameras"] + (json ? ["--json"] : []))
      throw Launch.Failure(message: "\(error)", status: ExitStatus.software)
    } catch let failure as Launch.Failure {
      failure.tell()
      throw ExitCode(failure.status)
    }
  }
}
