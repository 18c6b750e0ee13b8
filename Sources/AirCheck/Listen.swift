import AirWatch
import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxIO
import TransportStream

/// Listens to stations, or reads a file, and says whether they are fit for air.
struct Listen: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Listens to multicast MPEG-TS stations and says what is wrong with them.",
    discussion: """
      Checks sync, continuity, PCR, time stamps, tables and RTP, and measures pace and bursts from the kernel's
      receive dates. It ends by itself, or with what it has by then at SIGTERM or Ctrl-C.

        aircheck --interface lo --group 239.255.66.1 --group 239.255.66.2 --seconds 10
        aircheck --interface lo --group 239.255.66.20:5006 --encapsulation udp --json
        aircheck --file film.ts --expect-clean
      """)

  @Option(help: "A group to join, with its own port if need be: 239.255.66.1 or 239.255.66.1:5006. May be given often.")
  var group: [String] = []

  @Option(help: "The port of groups given without one.")
  var port: UInt16 = 5004

  @Option(help: "The interface to listen on, by name or address.")
  var interface: String = "lo"

  @Option(help: "How the stations' packets are wrapped: rtp or udp.")
  var encapsulation: Encapsulation = .rtp

  @Option(help: "How long to listen.")
  var seconds: Double = 10

  @Option(help: "A transport stream file to check instead.")
  var file: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Exit with status 1 when anything is wrong.")
  var expectClean = false

  func validate() throws {
    guard group.isEmpty != (file == nil) else {
      throw ValidationError("Give --group (once or more often) or --file: one of the two.")
    }
    guard seconds > 0, seconds <= 86_400 else { throw ValidationError("--seconds: up to 86400, a day.") }
  }

  func run() throws {
    if let file {
      let report = try check(file: file)
      print(json ? try encoded(report) : report.summary)
      if expectClean, !report.faults.isEmpty { throw ExitCode(1) }
    } else {
      let report = try listen()
      print(json ? try encoded(report) : "\(report)")
      if expectClean, !report.isClean { throw ExitCode(1) }
    }
  }

  private func listen() throws -> AirReport {
    let interface = try NetworkInterface(interface)
    let stations = try group.map { group in
      let parts = group.split(separator: ":", maxSplits: 1)
      guard let address = parts.first, let port = parts.count > 1 ? UInt16(parts[1]) : port else {
        throw ValidationError("--group \(group): an IPv4 multicast address is wanted, and a port from 1 to 65535.")
      }
      return try StationWatch(
        group: String(address), port: port, interface: interface, encapsulation: encapsulation, seconds: seconds)
    }
    let signals = try CaughtSignals([SIGINT, SIGTERM])
    let clock = ContinuousClock()
    let start = clock.now
    let end = start + .seconds(seconds)
    while clock.now < end, try signals.wait(timeoutMilliseconds: 0) == nil {
      var received = 0
      for station in stations { received += try station.listen(timeoutMilliseconds: 0) }
      // The kernel dates and keeps what comes meanwhile.
      if received == 0 { _ = try stations.first?.listen(timeoutMilliseconds: 5) }
    }
    let now = Int64(Date().timeIntervalSince1970 * 1e9)
    let all = stations.flatMap(\.log.arrivals).sorted()
    return AirReport(
      seconds: (clock.now - start) / .seconds(1), stations: stations.map { $0.report(until: now) }, bursts: Bursts(all))
  }

  private func check(file: String) throws -> StreamReport {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
    } catch {
      throw ValidationError("Cannot read \(file): give the path of a transport stream file.")
    }
    var checker = StreamChecker()
    checker.check(data.span)
    return checker.report()
  }
}

extension Encapsulation: ExpressibleByArgument {}
