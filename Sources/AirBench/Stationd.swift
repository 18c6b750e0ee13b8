import FoundationEssentials
import Glibc
import LinuxIO

/// stationd with so many stations, and its transmitter.
final class Stationd: Air {
  private let child: ChildProcess
  private let directory: String
  /// The transmitter, once it is found.
  private lazy var transmitter = Self.transmitter(in: directory)

  /// Starts it.
  ///
  /// - Parameters:
  ///   - programs: the directory of the built programs.
  ///   - directory: for its configuration, tapes, log and sockets.
  ///   - grain: "transmit.grain"; nil leaves it at its default.
  init(programs: String, directory: String, count: Int, clips: Clips, grain: String? = nil) throws {
    self.directory = directory
    let file = "\(directory)/stations.json"
    let configuration = Self.configuration(directory: directory, count: count, films: clips.films, grain: grain)
    try Data(configuration.utf8).write(to: URL(filePath: file))
    let log = try Descriptor(opening: "\(directory)/stationd.log", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)
    // Its run directory is its own: no other stationd of this machine meets it. It takes its transmitter with it on SIGTERM.
    let command = ["env", "RUNTIME_DIRECTORY=\(directory)/run", "\(programs)/stationd", "--config", file]
    child = try ChildProcess(Tool.bound(command, signal: "TERM"), output: log.number)
  }

  private static func configuration(directory: String, count: Int, films: [String], grain: String?) -> String {
    let stations = (0..<count).map { station in
      """
      { "number": \(station + 1), "name": "Station \(station + 1)", \
      "source": { "files": ["\(films[station % films.count])"] } }
      """
    }
    let transmit = grain.map { "\"transmit\": { \"grain\": \"\($0)\" },\n  " } ?? ""
    return """
      {
        "site": { "name": "Bench" }, "control": { "listen": "127.0.0.1:9966" }, "tapes": "\(directory)/tapes",
        "multicast": { "interface": "\(Lab.sender)", "ttl": 1, "firstGroup": "\(Lab.group(0))", "port": \(Lab.port) },
        \(transmit)"stations": [
          \(stations.joined(separator: ",\n    "))
        ]
      }
      """
  }

  var processes: [Int32] { [child.pid] + (transmitter.map { [$0.pid] } ?? []) }

  var fault: String? {
    if child.poll() != nil { return "stationd ended early: see \(directory)/stationd.log" }
    return transmitter == nil ? "stationd's transmitter was not found" : nil
  }

  func end() {
    let transmitter = Self.transmitter(in: directory)
    child.signal(SIGTERM)
    let end = SteadyClock.now + 5_000_000_000
    func isThere() -> Bool { child.poll() == nil || transmitter.map { ThisProcess.isAlive($0.pid) } ?? false }
    while isThere(), SteadyClock.now < end { ProcessLimits.sleep(milliseconds: 10) }
    child.signal(SIGKILL)
    if let transmitter, ThisProcess.isAlive(transmitter.pid) { _ = ThisProcess.signal(transmitter.pid, SIGKILL) }
  }

  /// The process that listens on a socket in a run directory: no other process has its path there.
  private static func transmitter(in directory: String) -> (pid: Int32, socket: String)? {
    let files = FileManager.default
    let run = "\(directory)/run"
    for name in (try? files.contentsOfDirectory(atPath: run)) ?? [] {
      for socket in (try? files.contentsOfDirectory(atPath: "\(run)/\(name)")) ?? [] {
        let parts = socket.split(whereSeparator: { $0 == "-" || $0 == "." })
        guard parts.count == 3, parts[0] == "transmitter", parts[2] == "sock", let pid = Int32(parts[1]),
          ThisProcess.isAlive(pid), let line = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline")),
          String(decoding: line, as: UTF8.self).contains(run)
        else { continue }
        return (pid, "\(run)/\(name)/\(socket)")
      }
    }
    return nil
  }

  /// What the transmitter answers, as far as it is wanted here.
  struct Answer: Decodable {
    struct Figures: Decodable {
      struct Station: Decodable {
        var sent: Int
        var skipped: Int
        var errors: Int
      }
      var calls: Int?
      var trains: Int?
      var datagrams: Int?
      var stations: [Station]
    }
    var figures: Figures?

    func counts(at date: Int64) -> SenderCounts? {
      figures.map { figures in
        SenderCounts(
          datagrams: figures.datagrams ?? figures.stations.reduce(0) { $0 + $1.sent }, calls: figures.calls,
          trains: figures.trains, unsent: figures.stations.reduce(0) { $0 + $1.skipped + $1.errors }, date: date)
      }
    }
  }

  func counts() -> SenderCounts? {
    guard let socket = transmitter?.socket,
      let line = try? UnixSocket.ask(path: socket, line: #"{"figures":{}}"#, timeoutMilliseconds: 2000),
      let answer = try? JSONDecoder().decode(Answer.self, from: Data(line.utf8))
    else { return nil }
    return answer.counts(at: SteadyClock.now)
  }
}
