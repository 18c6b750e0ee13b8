import ArgumentParser
import FoundationEssentials
import LinuxIO

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show what the running tuner receives.",
    discussion: """
      EXAMPLES
        tuner status
        tuner status --json | jq .lost
        tuner status --json | jq .quality.jitter    microseconds

      MDI is the media delivery index of RFC 4445: the milliseconds that a buffer would have to hold to take up how unevenly \
      datagrams come, and the packets lost or out of order in the last second, before repair.
      """)

  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await TunerError.reported {
      let place = try SessionPlace(environment: ProcessInfo.processInfo.environment)
      guard let reply = try place.ask(SessionRequest(type: .status), timeoutMilliseconds: 2000) else {
        throw TunerError(.unavailable, "No tuner is running. Start one with \"tuner join STATION\".")
      }
      guard let status = reply.status else { throw TunerError(.temporary, reply.message) }
      let now = status.now ?? Double(WallClock.now) / 1e9
      print(json ? StableJSON.line(status, pretty: true) : Self.text(status, now: now))
    }
  }

  /// A few lines for a person.
  static func text(_ status: SessionStatus, now: Double) -> String {
    var rows = [("Station", "\(status.station.number) \(printable(status.station.name))")]
    if let state = StationTable.state(of: status.station) { rows.append(("State", state)) }
    if let programme = status.programme(at: now) {
      let left = programme.isOpen ? "" : ", \(Figures.time(seconds: programme.end - (status.position ?? now))) left"
      rows.append((status.position == nil ? "Now" : "Playing", printable(programme.title) + left))
    }
    if let lag = status.lag(at: now) { rows.append(("Behind", Figures.time(seconds: lag))) }
    let interface = status.interface.map { " on \($0)" } ?? ""
    rows.append(("Group", "\(printable(status.station.group)):\(status.station.port)\(interface)"))
    let reception =
      switch status.state {
      case .waiting: "tuning in"
      case .silent: "nothing arrives"
      case .paused: "the player is paused"
      case .playing:
        Figures.rate(bitsPerSecond: status.bitrate) + (status.quality.map { QualityText.path($0.path) } ?? "")
      }
    rows.append(("Reception", "\(reception), \(Figures.count(status.received, "packet")), \(status.lost) lost"))
    if let quality = status.quality {
      rows.append(("Repair", QualityText.counts(quality)))
      if let arrival = QualityText.arrival(quality) { rows.append(("Arrival", arrival)) }
    }
    rows.append(("Since", Figures.time(seconds: status.seconds) + " ago"))
    let pid = status.playerPid.map { " (process \($0))" } ?? ""
    let skipped = status.dropped > 0 ? ", \(Figures.count(status.dropped, "packet")) skipped because it was slow" : ""
    let buffer = status.quality?.buffer.map { ", \($0) ms ahead" } ?? ""
    rows.append(("Output", status.output + pid + buffer + skipped))
    if let servers = status.servers {
      let texts = servers.map {
        $0.server + ($0.isConnected ? $0.isSending ? "" : " (without the station)" : " (away)")
      }
      rows.append(("Servers", texts.joined(separator: ", ")))
    } else {
      rows.append(("Server", status.server + (status.isConnected ? "" : ", away")))
    }
    return rows.map { padded($0.0, to: 11) + printable($0.1) }.joined(separator: "\n")
  }
}
