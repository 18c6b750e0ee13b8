import FoundationEssentials
import Glibc
import LinuxIO
import NIOCore
import Wire

/// Answers the operator over a socket in the run directory, which only this user can open. It tells, and changes nothing.
struct StatusDesk: Sendable {
  let registry: StationRegistry
  let control: ControlServer
  let site: String
  let listen: String
  /// The configuration file.
  let file: String
  private let began = SteadyClock.now

  init(registry: StationRegistry, control: ControlServer, configuration: Configuration, file: String) {
    self.registry = registry
    self.control = control
    site = configuration.site.name
    listen = "\(configuration.listen)"
    self.file = (try? FileStatus.realPath(file)) ?? file
  }

  static func socket(in runDirectory: String) -> String { "\(runDirectory)/status.sock" }

  /// Answers until the server that is returned is closed.
  func open(in runDirectory: String) throws(SystemError) -> UnixServer {
    try UnixServer(path: Self.socket(in: runDirectory)) { line in
      // One question is all there is; others may come.
      guard line == StatusQuestion.text else { return #"{"error":"unknown question"}"# }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      guard let answer = try? encoder.encode(status) else { return #"{"error":"no answer"}"# }
      return String(decoding: answer, as: UTF8.self)
    }
  }

  /// How everything is. Waits for the control server's event loops.
  var status: StationdStatus {
    let figures = registry.airFigures.latest
    let air = Dictionary(
      (figures?.stations ?? []).map { (Int($0.number), $0) }, uniquingKeysWith: { first, _ in first })
    let receptions = Dictionary(
      registry.receptions.summaries.map { ($0.station, $0) }, uniquingKeysWith: { first, _ in first })
    let receivers = control.receivers().sorted { $0.isWorse(than: $1) }
    return StationdStatus(
      version: Version.current, site: site, configuration: file, pid: ThisProcess.pid,
      seconds: Double((SteadyClock.now - began) / 100_000_000) / 10, control: listen,
      connections: control.connections.count, connectionLimit: control.connections.total,
      streams: control.desk.budget.figures(at: ControlRoom.now),
      transmitter: figures?.process,
      stations: registry.board.stations.map { station in
        .init(
          number: station.number, name: station.name, state: station.state, reason: station.reason,
          group: station.group, port: station.port, receivers: registry.audience.count(station.number),
          air: air[station.number], reception: receptions[station.number])
      },
      receiverCount: receivers.count, receivers: Array(receivers.prefix(StationdStatus.mostReceivers)))
  }
}

/// What `stationd status` asks: one line.
enum StatusQuestion {
  static let text = #"{"type":"status"}"#

  /// Asks the stationd that has this run directory; nil when none is there.
  static func ask(in runDirectory: String) throws -> StationdStatus? {
    let answer: String
    do throws(SystemError) {
      answer = try UnixSocket.ask(
        path: StatusDesk.socket(in: runDirectory), line: text, timeoutMilliseconds: 5_000)
    } catch {
      if error.code == ENOENT || error.code == ECONNREFUSED { return nil }
      throw error
    }
    return try JSONDecoder().decode(StationdStatus.self, from: Data(answer.utf8))
  }
}
