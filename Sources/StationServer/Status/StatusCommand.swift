import ArgumentParser
import FoundationEssentials
import LinuxIO

/// `stationd status`: how the stations of a running stationd leave, and how they arrive.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show how the stations leave and how they arrive.",
    discussion: """
      It asks the running stationd of this user; the configuration's file says which one where there are several. Of each \
      station it shows what the transmitter has sent and what its receivers report, then the receivers, the worst first.

      EXAMPLES
        stationd status
        stationd status --config stations.json --all
        stationd status --json | jq '.receivers[] | select(.recentlyLost > 0) | .address'

      Exits with status 69 when no stationd answers.
      """)

  @OptionGroup var file: StationsFile

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "List all receivers, not only the twenty worst.")
  var all = false

  func run() throws {
    do {
      let status = try find()
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(status), as: UTF8.self))
      } else {
        for line in StatusText.lines(status, receivers: all ? .max : 20) { print(line) }
      }
    } catch let failure as Launch.Failure {
      failure.tell()
      throw ExitCode(failure.status)
    } catch {
      let failure = Launch.Failure(
        message: "the running stationd cannot be asked: \(error)", status: ExitStatus.unavailable)
      failure.tell()
      throw ExitCode(failure.status)
    }
  }

  private func find() throws -> StationdStatus {
    if let config = file.config {
      let directory: String
      do {
        directory = try RunDirectory.path(configuration: config)
      } catch {
        throw Launch.Failure(message: "\(error)", status: ExitStatus.configuration)
      }
      guard let status = try StatusQuestion.ask(in: directory) else {
        throw Launch.Failure(message: "no stationd of this user plays \(config)", status: ExitStatus.unavailable)
      }
      return status
    }
    let base = RunDirectory.base()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
    let found = try names.sorted().compactMap { try StatusQuestion.ask(in: "\(base)/\($0)") }
    guard let status = found.first else {
      throw Launch.Failure(message: "no stationd of this user is running", status: ExitStatus.unavailable)
    }
    guard found.count == 1 else {
      let files = found.map { "  stationd status --config \($0.configuration)" }.joined(separator: "\n")
      throw Launch.Failure(message: "several are running; say which one:\n\(files)", status: ExitStatus.usage)
    }
    return status
  }
}
