import ArgumentParser
import FoundationEssentials
import LinuxIO
import NIOCore
import NIOPosix

/// `controlload`: many clients of a control server at once, idle ones and busy ones, and whether every answer was right.
@main
struct ControlLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controlload",
    abstract: "Loads a control server with idle connections and list requests, and checks every answer.",
    discussion: """
      Every distinct answer is parsed whole; all others are compared with it byte by byte. A request's latency counts \
      from when it was due, to the last byte of its answer. It ends by itself, and prints one JSON object.

        controlload --server 10.77.0.1:9966 --stations 200 --idle 10000 --busy 1250 --rate 20000 --seconds 20
        controlload --server 10.77.0.1:9966 --stations 200 --reporting 10000 --rate 1 --seconds 40
      """)

  @Option(help: "The server's address and port.") var server: String
  @Option(help: "Addresses of this machine to connect from, in turn; may be given often.") var from: [String] = []
  @Option(help: "How many stations a list must have.") var stations: Int
  @Option(help: "Connections that say hello and nothing else.") var idle = 0
  @Option(help: "Connections that ask for the list.") var busy = 1
  @Option(help: "Connections that join stations, in turn, and report how they receive them as often as they are told.")
  var reporting = 0
  @Option(help: "Lists to ask for in a second, by all of them.") var rate = 100.0
  @Option(help: "How long to ask.") var seconds = 5.0
  @Option(help: "How long to hold the idle connections before anybody asks.") var settle = 1.0
  @Option(help: "The socket of the transmitter whose figures are to be read before and after.") var transmitter: String?
  @Flag(help: "Ask only for what has changed since the last answer.") var conditional = false

  func validate() throws {
    guard 0...1_000_000 ~= idle, 0...1_000_000 ~= reporting, 1...100_000 ~= busy,
      0.1...3600 ~= seconds, 0.1...1e6 ~= rate, 0...600 ~= settle
    else {
      throw ValidationError("Give a rate, a time and counts of connections within reason.")
    }
  }

  func run() async throws {
    _ = FileLimit.raise()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    guard let colon = server.lastIndex(of: ":"), let port = Int(server[server.index(after: colon)...]),
      let address = try? SocketAddress(ipAddress: String(server[..<colon]), port: port)
    else { throw ValidationError("--server \(server): an address and a port are wanted, as in 10.77.0.1:9966.") }
    let sources = try from.map { try SocketAddress(ipAddress: $0, port: 0) }
    let dial = Dial(server: address, sources: sources, loop: loop)

    var report = LoadReport(
      idle: .init(wanted: idle), busy: .init(wanted: busy), reporters: .init(wanted: reporting), seconds: seconds)
    let machine = try MachineWatch()
    let airBefore = try transmitter.map { try AirFigures(socket: $0) }
    let began = SteadyClock.now
    let waiting = try await dial.open(idle) { _ in Greeter() }
    report.idle.connected = waiting.count
    let count = stations
    let receiving = try await dial.open(reporting) { Reporter(station: $0 % count + 1) }
    report.reporters.connected = receiving.count
    let reports = reporting > 0 ? try await Reporters.run(receiving, on: loop) : nil
    let state = try await loop.submit { NIOLoopBound(LoadState(stations: stations), eventLoop: loop) }.get()
    let (conditional, rate, seconds) = (conditional, rate, seconds)
    let asking = try await dial.open(busy) { _ in Asker(state.value, conditional: conditional) }
    report.busy.connected = asking.count
    report.connectSeconds = Double(SteadyClock.now - began) / 1e9
    try await Task.sleep(for: .seconds(settle))

    let pacer = try await loop.submit {
      NIOLoopBound(Pacer(asking, state.value, rate: rate, seconds: seconds), eventLoop: loop)
    }.get()
    try await loop.flatSubmit { pacer.value.run(on: loop) }.get()
    report.busy.alive = asking.count { $0.isActive }
    report.idle.alive = waiting.count { $0.isActive }
    report.reporters.alive = receiving.count { $0.isActive }
    if let reports {
      report.reporting = try await Reporters.figures(receiving, on: loop)
      reports.cancel()
    }
    report.idle.greeted = try await dial.count(waiting, Greeter.self) { $0.isGreeted }
    report.take(try await loop.submit { state.value.tally }.get())
    if let transmitter, let airBefore { report.air = try AirFigures(socket: transmitter).since(airBefore) }
    report.machine = machine.end()
    print(try report.json())
    for channel in waiting + asking + receiving { channel.close(promise: nil) }
    try await group.shutdownGracefully()
    if !report.isFlawless { throw ExitCode(1) }
  }
}
