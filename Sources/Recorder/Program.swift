import ArgumentParser

/// What stationd has done by others: all that touches media.
@main
struct Program: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stationd-recorder",
    abstract: "Makes what stationd plays: tapes of media files, and the rings of live stations.",
    discussion: """
      stationd starts this program by itself; by hand it is good for a look at what goes on the air.

      EXAMPLES
        stationd-recorder film.mkv -o film.ts
        stationd-recorder card --text "Radio Quay" --text "back soon" -o card.ts
        stationd-recorder cameras --try /dev/video0 --size 640x480
      """,
    subcommands: [TapeCommand.self, LiveCommand.self, CardCommand.self, CamerasCommand.self],
    defaultSubcommand: TapeCommand.self)
}
