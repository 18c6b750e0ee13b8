import ArgumentParser
import FoundationEssentials
import Glibc

@main
struct Program {
  /// The main thread waits for signals. An async main would sleep with every signal let through, whatever is blocked.
  static func main() {
    SignalWatch.block()
    Task.detached {
      await Tuner.main()
      exit(0)
    }
    SignalWatch.watch()
  }
}

/// The command line's root.
struct Tuner: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tuner",
    abstract: "Receive the stations that a stationd sends.",
    discussion: """
      EXAMPLES
        tuner list                       what is on, on every station
        tuner join 2                     play station 2
        tuner join harbour               play the station whose name begins so
        tuner join 3                     meanwhile, from another shell: change to 3
        tuner join 2 --player "mpv -"    play with another program
        tuner join 2 --output - | ffmpeg -i - -t 60 -c copy minute.mp4
        tuner record 2 --for 30m -o FILE write half an hour of station 2 to a file
        tuner watch                      all of it on the whole terminal
        tuner status                     what the running tuner receives
        tuner terminate                  stop it

      The server is found at --server HOST[:PORT], else at TUNER_SERVER, else on \
      this machine (127.0.0.1:9966).
      """,
    version: "tuner \(tunerVersion)",
    subcommands: [
      ListCommand.self, JoinCommand.self, RecordCommand.self, WatchCommand.self, StatusCommand.self,
      TerminateCommand.self,
    ])
}

/// Where the server is, by the command line or the environment.
struct ServerOption: ParsableArguments {
  @Option(
    name: .customLong("server"),
    help: ArgumentHelp(
      "The server's control port. Given twice, for two servers that send the same stations, join and record use both.",
      valueName: "host[:port]"))
  var texts: [String] = []

  /// At least one, each once.
  ///
  /// - Parameter running: the server of a tuner that runs, for where nobody has named one.
  func addresses(running: String? = nil) throws(TunerError) -> [ServerAddress] {
    let variable = ProcessInfo.processInfo.environment["TUNER_SERVER"] ?? ""
    let named = texts.isEmpty ? variable.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init) : texts
    let given = named.isEmpty ? [running].compactMap(\.self) : named
    var addresses: [ServerAddress] = []
    for text in given {
      guard let address = ServerAddress(text) else {
        throw TunerError(
          .usage, "\"\(printable(text))\" is no server address. HOST, HOST:PORT or [IPV6]:PORT would be right.")
      }
      if !addresses.contains(address) { addresses.append(address) }
    }
    return addresses.isEmpty ? [.local] : addresses
  }
}

/// Whether the twins that servers name are asked as well.
struct TwinsOption: ParsableArguments {
  @Flag(help: "Leave alone what a server names as its twins.") var noTwins = false
}
