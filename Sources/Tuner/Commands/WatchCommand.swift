import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxIO

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Show all stations and the running tuner on the whole terminal, and change station.",
    discussion: """
      EXAMPLES
        tuner watch
        tuner watch 2
        tuner watch --player "mpv --really-quiet -"

      Where a tuner of yours is running, this shows it and has it change station; quitting leaves it running. Where none \
      is, choosing a station starts one, which ends with this view.

      KEYS
        up, down and Enter     choose a station and tune to it
        a number, then Enter   tune to the station with that number
        + and -                tune to the next station, or the one before
        q, Escape, Ctrl-C      quit
      """)

  @Argument(help: "A station to tune to at once: its number, its name, or the beginning of its name.")
  var station: String?
  @Option(help: ArgumentHelp("A program that plays its standard input (default: ffplay).", valueName: "command"))
  var player: String?
  @Option(
    help: ArgumentHelp("Receive on this interface (default: the one that leads to the server).", valueName: "name"))
  var interface: String?
  @OptionGroup var server: ServerOption
  @OptionGroup var twins: TwinsOption

  func run() async throws {
    try await TunerError.reported {
      let environment = ProcessInfo.processInfo.environment
      let terminal = try Self.terminal(environment)
      let place = try SessionPlace(environment: environment)
      let running = try place.ask(SessionRequest(type: .status), timeoutMilliseconds: 2000)?.status
      let addresses = try server.addresses(running: running?.server)
      let connection = try await Self.connect(addresses, isNeeded: running == nil || station != nil)
      var number: Int?
      if let station, let connection {
        number = try StationName.find(station, in: try await connection.list().stations).number
      }

      let (events, feed) = AsyncStream.makeStream(of: WatchSession.Event.self)
      let link = ControlLink(connection?.server ?? addresses.first ?? .local, first: connection)
      let session = try WatchSession(
        terminal: terminal.number, link: link, place: place, launch: launch(addresses),
        appearance: .init(environment: environment), clock: LocalClock(environment: environment), feed: feed)
      SignalWatch.handle(hasTerminal: true) { feed.yield(.signal($0)) }
      let linking = Task { await link.run { feed.yield(.link($0)) } }
      let ticking = Task {
        while !Task.isCancelled {
          feed.yield(.tick)
          try? await Task.sleep(for: .milliseconds(250))
        }
      }
      try Self.readKeys(terminal.number, feed)
      try Self.readStatus(place, feed)
      await session.run(events, station: number)
      ticking.cancel()
      linking.cancel()
    }
  }

  private static func terminal(_ environment: [String: String]) throws(TunerError) -> Descriptor {
    guard let descriptor = try? Descriptor(opening: "/dev/tty", O_RDWR), Terminal.isTerminal(STDOUT_FILENO) else {
      throw TunerError(.usage, "\"tuner watch\" fills a terminal, and there is none; \"tuner status\" prints the same.")
    }
    guard let name = environment["TERM"], !name.isEmpty, name != "dumb" else {
      throw TunerError(
        .usage, "This terminal (TERM is not set, or dumb) cannot show a full screen; \"tuner status\" prints the same.")
    }
    return descriptor
  }

  /// A connection to the first server there is; nil where there is none and a running tuner can be shown all the same.
  private static func connect(
    _ addresses: [ServerAddress], isNeeded: Bool
  ) async throws(TunerError) -> ControlConnection? {
    do throws(TunerError) {
      return try await ControlConnection.first(of: addresses)
    } catch {
      if isNeeded { throw error }
      return nil
    }
  }

  /// How a tuner is started that ends with us: its standard input is a pipe whose other end we hold.
  private func launch(_ addresses: [ServerAddress]) -> [String] {
    [ThisProcess.program ?? "tuner", "join", "--leashed"] + addresses.flatMap { ["--server", $0.description] }
      + (player.map { ["--player", $0] } ?? []) + (interface.map { ["--interface", $0] } ?? [])
      + (twins.noTwins ? ["--no-twins"] : [])
  }

  /// Reads keys on a thread of its own for as long as the process lives.
  private static func readKeys(
    _ terminal: Int32, _ feed: AsyncStream<WatchSession.Event>.Continuation
  ) throws(SystemError) {
    try RealTimeThread.detach(name: "keys") {
      var decoder = KeyDecoder()
      while true {
        do throws(SystemError) {
          let byte = try Terminal.readKey(terminal, timeoutMilliseconds: decoder.isPending ? 50 : nil)
          if let key = byte.map({ decoder.take($0) }) ?? decoder.pause() { feed.yield(.key(key)) }
        } catch {
          feed.yield(.signal(SIGHUP))  // the terminal has gone
          return
        }
      }
    }
  }

  /// Asks the running tuner how it does, four times a second, on a thread of its own, for it may have to wait.
  private static func readStatus(
    _ place: SessionPlace, _ feed: AsyncStream<WatchSession.Event>.Continuation
  ) throws(SystemError) {
    try RealTimeThread.detach(name: "status") {
      while true {
        let reply = try? place.ask(SessionRequest(type: .status), timeoutMilliseconds: 2000)
        feed.yield(.status(reply?.status))
        SteadyClock.sleep(until: SteadyClock.now + 250_000_000)
      }
    }
  }
}
