import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxIO
import Reception
import Wire

struct RecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Write a station to a file, from one random access point to another.",
    discussion: """
      EXAMPLES
        tuner record 2 --for 30m -o tide.ts
        tuner record 2 --until 21:45 -o film.ts
        tuner record 2 --start-over --for 1h30m -o film.ts
        tuner record 2 --from 20:15 --until 21:45 -o film.ts
        tuner record 2 -o - | ffmpeg -i - -c copy film.mp4

      It runs beside a tuner that plays, and beside other recordings. What is lost on the way is fetched again from the \
      server; what is past comes as fast as the network allows. Without --for and --until it goes on until Ctrl-C, which \
      ends the file well.
      """)

  @Argument(help: "The station's number, its name, or the beginning of its name.") var station: String
  @Option(name: .shortAndLong, help: ArgumentHelp("The file, or - for standard output.", valueName: "file"))
  var output: String
  @Option(
    name: .customLong("for"), help: ArgumentHelp("How long: 90s, 30m, 1h30m.", valueName: "length"))
  var length: String?
  @Option(
    help: ArgumentHelp("Until when, on this machine's clocks: 21:45, 2026-11-22T21:45.", valueName: "time"))
  var until: String?
  @OptionGroup var beginning: BeginningOption
  @Flag(help: "Replace a file that is there.") var force = false
  @Option(
    help: ArgumentHelp("Receive on this interface (default: the one that leads to the server).", valueName: "name"))
  var interface: String?
  @OptionGroup var server: ServerOption
  @OptionGroup var twins: TwinsOption

  /// How long a missing packet is waited for, in milliseconds: nobody waits for the file.
  private static let latency = 30_000
  /// A file waits for what was missed, however long ago, in seconds: no server has more than a day of the past.
  private static let makeUp = 86_400

  func validate() throws {
    if length != nil && until != nil { throw ValidationError("Either --for or --until, not both.") }
    if let length, SpokenTime.duration(length) == nil {
      throw ValidationError("\"\(length)\" is no length of time. 90s, 30m or 1h30m would be right.")
    }
    if output.isEmpty { throw ValidationError("-o wants a file.") }
  }

  func run() async throws {
    try await TunerError.reported {
      let addresses = try server.addresses()
      let clock = LocalClock(environment: ProcessInfo.processInfo.environment)
      let now = Double(WallClock.now) / 1e9
      let wanted = try beginning.beginning(now: now, clock: clock)
      let chosen = try interface.map { name throws(SystemError) in try NetworkInterface(name) }
      let (connection, joined) = try await JoinCommand.firstToJoin(station, addresses)

      let start = wanted.start(joined.station)
      var choices = TuningSession.Choices(
        output: .file(output, replaces: force), interface: chosen, latency: Self.latency)
      choices.makeUp = Self.makeUp
      choices.start = start
      choices.takesTwins = !twins.noTwins
      let first = start.date(now: now)
      var end = Recording.End.never
      // What is live counts from its first packet, by the server's clock.
      if let length, let seconds = SpokenTime.duration(length) {
        end = .after(Self.counts(seconds), from: first.map(Self.counts) ?? 0)
      }
      if let until { end = .at(Self.counts(try SpokenTime.next(until, after: first ?? now, clock: clock))) }

      let links = addresses.map { ControlLink($0, first: $0 == connection.server ? connection : nil) }
      let lead = addresses.firstIndex(of: connection.server) ?? 0
      let (events, feed) = AsyncStream.makeStream(of: RecordingSession.Event.self)
      let (kept, keep) = AsyncStream.makeStream(of: (Int, ControlLink).self)
      let session = try RecordingSession(
        joined, lead: lead, links: links, keep: keep, choices: choices, to: end, clock: clock, sink: try sink(),
        name: output == "-" ? "standard output" : output)
      SignalWatch.handle { feed.yield(.signal($0)) }
      let linking = Task {
        await withDiscardingTaskGroup { group in
          for await (index, link) in kept {
            group.addTask { await link.run { feed.yield(.link(index, $0)) } }
          }
        }
      }
      let ticking = Task {
        while !Task.isCancelled {
          feed.yield(.tick)
          try? await Task.sleep(for: .milliseconds(250))
        }
      }
      let status = await session.run(events)
      ticking.cancel()
      linking.cancel()
      if status != 0 { throw ExitCode(status) }
    }
  }

  /// Seconds as counts of 90 kHz.
  static func counts(_ seconds: Double) -> Int64 { Int64((seconds * 90_000).rounded()) }

  private func sink() throws(TunerError) -> any Sink {
    guard output != "-" else {
      guard !Terminal.isTerminal(STDOUT_FILENO) else {
        throw TunerError(.usage, "Standard output is a terminal: send it to a file or another program.")
      }
      return FileSink(Descriptor(owning: STDOUT_FILENO), isShared: true)
    }
    return try OutputFile.open(output, replaces: force)
  }
}

/// Where in the programme a viewer wants to begin.
struct BeginningOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Begin in the past: at a time on this machine's clocks (20:15, 2026-11-22T20:15), or so long ago (-10m, -1h30m).",
      valueName: "time"))
  var from: String?
  @Flag(help: "Begin with the beginning of the programme that is on.") var startOver = false

  func validate() throws {
    if from != nil && startOver { throw ValidationError("Either --from or --start-over, not both.") }
  }

  /// - Parameter now: seconds since the Unix epoch.
  func beginning(now: Double, clock: LocalClock) throws(TunerError) -> Beginning {
    if startOver { return .startOver }
    guard let from else { return .live }
    if let seconds = SpokenTime.ago(from) { return .ago(seconds) }
    return .at(try SpokenTime.past(from, now: now, clock: clock))
  }
}

/// Where in a station's time a viewer wants to begin.
enum Beginning: Sendable, Equatable {
  /// How much later than asked for the past may begin without a word: a random access point's distance, in seconds.
  static let tolerance = 10.0

  /// So long after a programme's beginning, in seconds, its first random access point is the last one that has been: it
  /// is due a moment later than the programme begins, and at the beginning itself the last one is still the former's.
  private static let entry = 0.2

  case live
  /// Seconds since the Unix epoch.
  case at(Double)
  /// So many seconds ago, by the server's clock.
  case ago(Double)
  /// With the beginning of what is on.
  case startOver

  /// Where that is on a station.
  func start(_ station: StationSummary) -> Tuning.Start {
    switch self {
    case .live: .live
    case .at(let date): .at(date)
    case .ago(let seconds): .ago(seconds)
    case .startOver: station.now.map { .at($0.start + Self.entry) } ?? .live
    }
  }
}
