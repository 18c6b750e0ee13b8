import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxIO
import Reception
import Synchronization

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

      While a tuner of yours is running, join has that one change station; its player goes on where the new station has
      the same codecs. q or Ctrl-C ends it, and "tuner terminate" from any shell.
      """)

  @Argument(help: "The station's number, its name, or the beginning of its name.") var station: String
  @Option(help: ArgumentHelp("A program that plays its standard input (default: ffplay).", valueName: "command"))
  var player: String?
  @Option(help: ArgumentHelp("Write the stream to a file, or - for standard output.", valueName: "file"))
  var output: String?
  @Option(
    help: ArgumentHelp("Receive on this interface (default: the one that leads to the server).", valueName: "name"))
  var interface: String?
  @OptionGroup var server: ServerOption

  func validate() throws {
    if player != nil && output != nil { throw ValidationError("Either --player or --output, not both.") }
    if player?.isEmpty == true || output?.isEmpty == true {
      throw ValidationError("--player and --output want a value.")
    }
  }

  func run() async throws {
    try await TunerError.reported {
      let address = try server.address()
      let destination = try destination()
      let chosen = try interface.map { name throws(SystemError) in try NetworkInterface(name) }
      let place = try SessionPlace(environment: ProcessInfo.processInfo.environment)
      guard let lock = try await takeOver(place) else { return }
      let status = try await Self.receive(station, address, destination, chosen, place)
      _ = consume lock
      if status != 0 { throw ExitCode(status) }
    }
  }

  private func destination() throws(TunerError) -> Output {
    if let player { return .player(player) }
    guard let output else { return .ffplay }
    guard output == "-" else { return .file(output) }
    guard !Terminal.isTerminal(STDOUT_FILENO) else {
      throw TunerError(.usage, "Standard output is a terminal: send it to a file or another program.")
    }
    return .standardOutput
  }

  /// Has the running tuner change station, and returns nil; or takes its place when there is none.
  private func takeOver(_ place: SessionPlace) async throws -> HeldLock? {
    for _ in 0..<30 {
      if let reply = try place.ask(SessionRequest(type: .tune, station: station), timeoutMilliseconds: 8000) {
        guard reply.exitStatus == 0 else {
          DescriptorIO.log("tuner: \(reply.message)")
          throw ExitCode(reply.exitStatus)
        }
        print(reply.message)
        if player != nil || output != nil || interface != nil {
          DescriptorIO.log(
            "tuner: --player, --output and --interface are for a new tuner; the running one keeps its own.")
        }
        return nil
      }
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

  private static func receive(
    _ station: String, _ address: ServerAddress, _ output: Output, _ chosen: NetworkInterface?, _ place: SessionPlace
  ) async throws -> Int32 {
    let connection = try await ControlConnection(address)
    let joined = try await connection.join(station)
    let interface = chosen ?? Self.interface(towards: connection)
    let (events, feed) = AsyncStream.makeStream(of: TuningSession.Event.self)
    let link = ControlLink(connection)
    let session = try TuningSession(
      Tuning(joined, interface: interface), link: link, server: address, output: output)
    // Not before: a named pipe opens only when somebody reads it, and until then a signal just ends the program.
    SignalWatch.handle { feed.yield(.signal($0)) }
    let door = try UnixServer(path: place.socket) { line in
      guard let request = StableJSON.value(SessionRequest.self, line) else {
        return StableJSON.line(SessionReply(message: "The running tuner is of another version.", exitStatus: 75))
      }
      let answer = Answer()
      feed.yield(.request(request, answer))
      return StableJSON.line(answer.wait(seconds: 8))
    }
    let linking = Task { await link.run { feed.yield(.link($0)) } }
    let ticking = Task {
      while !Task.isCancelled {
        feed.yield(.tick)
        try? await Task.sleep(for: .milliseconds(250))
      }
    }
    readKeys(feed)
    let status = await session.run(events)
    ticking.cancel()
    linking.cancel()
    door.close()
    // The answer to "tuner terminate" is still on its way out.
    if session.wasTerminated { try? await Task.sleep(for: .milliseconds(50)) }
    return status
  }

  /// The interface that holds this machine's end of the connection; nil leaves it to the routing table.
  private static func interface(towards connection: ControlConnection) -> NetworkInterface? {
    guard let address = connection.localAddress else { return nil }
    return try? NetworkInterface(address == "::1" ? "lo" : address)
  }

  /// Reads keys on a thread of its own for as long as the process lives.
  private static func readKeys(_ feed: AsyncStream<TuningSession.Event>.Continuation) {
    guard Terminal.isTerminal(STDIN_FILENO), Terminal.isTerminal(STDERR_FILENO), Terminal.isForeground(STDIN_FILENO)
    else { return }
    _ = try? RealTimeThread(name: "keys", priority: nil) {
      while let key = try? Terminal.readByte(STDIN_FILENO, timeoutMilliseconds: -1) { feed.yield(.key(key)) }
    }
  }
}
