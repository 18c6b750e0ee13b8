import ArgumentParser

/// Judges stations: on the air, in a file, or in simulated time.
@main
struct AirCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aircheck",
    abstract: "Says what is wrong with MPEG-TS stations: on the air, in a file, or in simulated time.",
    subcommands: [
      Listen.self, Simulate.self, RingCommand.self, CaptureCommand.self, TapCommand.self, CompareCommand.self,
    ],
    defaultSubcommand: Listen.self)
}
