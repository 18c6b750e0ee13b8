import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxIO
import Reception
import Wire

struct JoinCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Play a station, or change the running tuner to it.",
    discussion: """
      EXAMPLES
        tuner join 2
        tuner join "radio quay"
        tuner join 2 --player "mpv --really-quiet -"
        tuner join 2 --output recording.ts
        tuner join 2 --output - | vlc -
        tuner join 2 --start-over
        tuner join 2 --from 20:15
        tuner join 2 --from -10m

      While a tuner of yours is running, join has that one change station; its player goes on where the new station has
      the same codecs. In its own terminal, digits and Enter change station, as do the keys up and down. q or Ctrl-C ends
      it, and "tuner terminate" from any shell.
      """)

  @Argument(help: "The station's number, its name, or the beginning of its name.") var station: String
  @Option(help: ArgumentHelp("A program that plays its standard input (default: ffplay).", valueName: "command"))
  var player: String?
  @Option(help: ArgumentHelp("Write the stream to a file, or - for standard output.", valueName: "file"))
  var output: String?
  @Flag(help: "Replace a file that is there.") var force = false
  @Option(
    help: ArgumentHelp("Receive on this interface (default: the one that leads to the server).", valueName: "name"))
  var interface: String?
  @Option(
    help: ArgumentHelp(
      "How long a missing packet may hold up the player, in milliseconds (default: 200).", valueName: "ms"))
  var latency: Int?
  @OptionGroup var beginning: BeginningOption
  @OptionGroup var server: ServerOption
  @OptionGroup var twins: TwinsOption
  @Flag(help: ArgumentHelp("End with standard input: for a program that starts this one.", visibility: .private))
  var leashed = false

  func validate() throws {
    if player != nil && output != nil { throw ValidationError("Either --player or --output, not both.") }
    guard (0...10_000).contains(latency ?? 0) else { throw ValidationError("--latency wants 0 to 10000 milliseconds.") }
    if player?.isEmpty == true || output?.isEmpty == true {
      throw ValidationError("--player and --output want a value.")
    }
  }

  func run() async throws {
    try await TunerError.reported {
      let addresses = try server.addresses()
      let clock = LocalClock(environment: ProcessInfo.processInfo.environment)
      let wanted = try beginning.beginning(now: Double(WallClock.now) / 1e9, clock: clock)
      var choices = TuningSession.Choices(
        output: try destination(),
        interface: try interface.map { name throws(SystemError) in try NetworkInterface(name) })
      if let latency { choices.latency = latency }
      choices.takesTwins = !twins.noTwins
      let place = try SessionPlace(environment: ProcessInfo.processInfo.environment)
      guard let lock = try await takeOver(place, wanted, addresses) else { return }
      let status = try await receive(addresses, choices, wanted, clock, place)
      _ = consume lock
      if status != 0 { throw ExitCode(status) }
    }
  }

  private func destination() throws(TunerError) -> Output {
    if let player { return .player(player) }
    guard let output else { return .ffplay }
    guard output == "-" else { return .file(output, replaces: force) }
    guard !Terminal.isTerminal(STDOUT_FILENO) else {
      throw TunerError(.usage, "Standard output is a terminal: send it to a file or another program.")
    }
    return .standardOutput
  }

  /// Has the running tuner change station, and returns nil; or takes its place when there is none.
  private func takeOver(
    _ place: SessionPlace, _ wanted: Beginning, _ addresses: [ServerAddress]
  ) async throws -> HeldLock? {
    for _ in 0..<30 {
      if try hasTuned(place, wanted, addresses) { return nil }
      do throws(SystemError) {
        return HeldLock(try LockFile(path: place.lock))
      } catch {
        guard error.code == EWOULDBLOCK else { throw TunerError(error) }
      }
      // Another one is just starting, or just ending.
      try? await Task.sleep(for: .milliseconds(100))
    }
    throw TunerError(.temporary, "Another tuner of yours is starting or does not answer. \"tuner terminate\" ends it.")
  }

  /// Has the running tuner change station; false when there is none. (Not part of ``takeOver(_:_:_:)``: the compiler's
  /// optimizer, 6.3, ends with a fault over all of it in one asynchronous function.)
  @inline(never)
  private func hasTuned(_ place: SessionPlace, _ wanted: Beginning, _ addresses: [ServerAddress]) throws -> Bool {
    if !server.texts.isEmpty,
      let status = try place.ask(SessionRequest(type: .status), timeoutMilliseconds: 2000)?.status
    {
      try status.mustHave(addresses)
    }
    let request = SessionRequest(type: .tune, station: station, beginning: wanted)
    guard let reply = try place.ask(request, timeoutMilliseconds: 8000) else { return false }
    guard reply.exitStatus == 0 else {
      DescriptorIO.log("tuner: \(printable(reply.message))")
      throw ExitCode(reply.exitStatus)
    }
    print(printable(reply.message))
    if player != nil || output != nil || interface != nil || latency != nil || twins.noTwins {
      DescriptorIO.log(
        "tuner: --player, --output, --interface, --latency and --no-twins are for a new tuner; the running one keeps "
          + "its own.")
    }
    return true
  }

  private func receive(
    _ addresses: [ServerAddress], _ choices: TuningSession.Choices, _ wanted: Beginning, _ clock: LocalClock,
    _ place: SessionPlace
  ) async throws -> Int32 {
    let (connection, joined) = try await Self.firstToJoin(station, addresses)
    var choices = choices
    choices.start = wanted.start(joined.station)
    let links = addresses.map { ControlLink($0, first: $0 == connection.server ? connection : nil) }
    let (events, feed) = AsyncStream.makeStream(of: TuningSession.Event.self)
    let lead = addresses.firstIndex(of: connection.server) ?? 0
    let (kept, keep) = AsyncStream.makeStream(of: (Int, ControlLink).self)
    let session = try TuningSession(joined, lead: lead, links: links, keep: keep, choices: choices, clock: clock)
    SignalWatch.handle(hasTerminal: true) { feed.yield(.signal($0)) }
    let door = try UnixServer(path: place.socket) { line in
      guard let request = StableJSON.value(SessionRequest.self, line) else {
        return StableJSON.line(SessionReply(message: "The running tuner is of another version.", exitStatus: 75))
      }
      let answer = Answer()
      feed.yield(.request(request, answer))
      return StableJSON.line(answer.wait(seconds: 8))
    }
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
    if leashed { Self.followInput(feed) } else { Self.readKeys(feed) }
    let status = await session.run(events)
    ticking.cancel()
    linking.cancel()
    door.close()
    // The answer to "tuner terminate" is still on its way out.
    if session.wasTerminated { try? await Task.sleep(for: .milliseconds(50)) }
    return status
  }

  /// Joins the station at the server that answers first; throws what the first of them said when none does.
  static func firstToJoin(
    _ station: String, _ addresses: [ServerAddress]
  ) async throws -> (ControlConnection, ServerMessage.Joined) {
    typealias Outcome = Result<(ControlConnection, ServerMessage.Joined), any Error>
    let (outcomes, feed) = AsyncStream.makeStream(of: (Int, Outcome).self)
    for (index, address) in addresses.enumerated() {
      // Not in a group, which would wait for the slowest of them.
      Task {
        do {
          let connection = try await ControlConnection(address)
          let joined = try await connection.join(station)
          if case .terminated = feed.yield((index, .success((connection, joined)))) { connection.close() }
        } catch {
          feed.yield((index, .failure(error)))
        }
      }
    }
    var first: (ControlConnection, ServerMessage.Joined)?
    var errors: [Int: any Error] = [:]
    for await (index, outcome) in outcomes {
      switch outcome {
      case .success(let joined) where first == nil: first = joined
      case .success((let connection, _)): connection.close()
      case .failure(let error): errors[index] = error
      }
      if first != nil || errors.count == addresses.count { feed.finish() }
    }
    guard let first else { throw errors[0] ?? CancellationError() }
    return first
  }

  /// Ends this session when whoever started it does, however that comes about.
  private static func followInput(_ feed: AsyncStream<TuningSession.Event>.Continuation) {
    _ = try? RealTimeThread(name: "input", priority: nil) {
      while (try? Terminal.readByte(STDIN_FILENO, timeoutMilliseconds: -1)) != nil {}
      feed.yield(.signal(SIGTERM))
    }
  }

  /// Reads keys on a thread of its own for as long as the process lives.
  private static func readKeys(_ feed: AsyncStream<TuningSession.Event>.Continuation) {
    guard Terminal.isTerminal(STDIN_FILENO), Terminal.isTerminal(STDERR_FILENO), Terminal.isForeground(STDIN_FILENO)
    else { return }
    _ = try? RealTimeThread(name: "keys", priority: nil) {
      while let key = try? Terminal.readKey(STDIN_FILENO) { feed.yield(.key(key)) }
    }
  }
}
