import ArgumentParser
import Glibc
import LinuxIO
import Wire

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show the stations and what is on.",
    discussion: """
      EXAMPLES
        tuner list
        tuner list --server media.example:9966
        tuner list --wide
        tuner list --json | jq -r '.stations[] | select(.state == "onAir") | .name'
      """)

  @OptionGroup var server: ServerOption
  @Flag(help: "Show also how the stations' receivers receive them, as they report.") var wide = false
  @Flag(help: "Print JSON: server, site and stations, as the control protocol has them.") var json = false

  func run() async throws {
    try await TunerError.reported {
      let connection = try await ControlConnection.first(of: try server.addresses())
      defer { connection.close() }
      let (site, stations) = try await connection.list()
      let receptions = wide ? try await connection.receptions() : nil
      if json {
        print(
          StableJSON.line(
            Listing(server: connection.server.description, site: site, stations: stations, receptions: receptions),
            pretty: true))
        return
      }
      if stations.isEmpty { print("No stations.") }
      let columns = Terminal.isTerminal(STDOUT_FILENO) ? Terminal.columns(STDOUT_FILENO) : nil
      let lines = StationTable.lines(
        stations, receptions, now: Double(WallClock.now) / 1e9, columns: columns)
      for line in stations.isEmpty ? [] : lines { print(printable(line)) }
    }
  }
}

/// What `tuner list --json` prints.
struct Listing: Codable {
  var server: String
  var site: ServerMessage.Site?
  var stations: [StationSummary]
  /// Of those stations that somebody receives; with --wide.
  var receptions: [ReceptionSummary]?
}
