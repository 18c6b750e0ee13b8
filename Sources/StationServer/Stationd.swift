import ArgumentParser

/// The program: `stationd --config F` puts stations on the air.
@main
struct Stationd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stationd",
    abstract: "Puts media files on the air as stations that never stop: MPEG-TS over multicast.",
    usage: "stationd --config <file> [--check]\nstationd status [--config <file>] [--json]\nstationd cameras [--json]",
    discussion: """
      EXAMPLES
        stationd --config stations.json          put its stations on the air; Ctrl-C takes them off
        stationd --config stations.json --check  only say what is wrong with the file
        stationd status                          how its stations leave, and how they arrive
        stationd cameras                         what cameras and microphones this machine has
        stationd schedule 3 --config stations.json   print what station 3 plays

      The file names the stations, their media files and the network interface; docs/configuration.md explains every \
      key. Exit statuses follow sysexits: 0 fine, 64 command line, 69 control address not available, 73 a directory \
      cannot be made, 75 another stationd is running, 78 configuration.
      """,
    version: "stationd \(Version.current)",
    subcommands: [StatusCommand.self, ScheduleCommand.self, Cameras.self, Transmit.self])

  @OptionGroup var file: StationsFile

  @Flag(help: "Check the file and exit: nothing is sent, nothing is written.")
  var check = false

  func run() async throws {
    // Not a required option: the transmitter's subcommand has no use for it.
    guard let config = file.config else {
      throw ValidationError("Name the stations' file: stationd --config stations.json")
    }
    do {
      let ending = check ? nil : try Launch.ending()
      let configuration = try Launch.read(config)
      guard let ending else {
        let count = configuration.stations.count
        print("\(config): \(count) station\(count == 1 ? "" : "s"), nothing wrong")
        return
      }
      try await Launch.serve(configuration, file: config, ending: ending)
    } catch {
      error.tell()
      throw ExitCode(error.status)
    }
  }
}

/// Which configuration a command is about: a group, for whatever stands behind a subcommand's name is the whole
/// program's option as well.
struct StationsFile: ParsableArguments {
  @Option(name: [.short, .long], help: ArgumentHelp("The stations' file.", valueName: "file"))
  var config: String?
}
