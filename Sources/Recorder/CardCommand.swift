import ArgumentParser
import FoundationEssentials
import LibAV
import LinuxIO
import Tape
import TransportStream

/// Makes a tape of the station's card: what is on the air while there is nothing else.
struct CardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "card", abstract: "Makes a short tape of a station's card, and silence; the same every time.")

  @Option(parsing: .unconditionalSingleValue, help: "A line of the card, the station's name first. May be given often.")
  var text: [String] = []

  @Option(name: .shortAndLong, help: "The tape; its name ends in .ts, and its index goes beside it.")
  var output: String

  @Option(
    help: "The station's house format, as JSON; H.264 and AAC by default. Without pictures there is silence only.")
  var format: String?

  @Option(help: "A constant rate in bit/s, null packets included; without it the rate varies with the content.")
  var bitrate: Int?

  @Option(help: "How long the tape lasts.")
  var seconds: Int = 2

  @Flag(help: "Yield to all other work, and end with whoever holds the other end of standard input.")
  var supervised = false

  func validate() throws {
    guard output.hasSuffix(".ts") else { throw ValidationError("A tape's name ends in .ts, unlike \"\(output)\".") }
    guard (1...600).contains(seconds) else { throw ValidationError("A card lasts 1 to 600 seconds, not \(seconds).") }
    if let bitrate, !(100_000...MuxRate.highest).contains(bitrate) {
      throw ValidationError("A bitrate of \(bitrate) bit/s is not between 100000 and \(MuxRate.highest).")
    }
    if let fault = RecordingPlan.fault(in: try house()) { throw ValidationError("The house format has \(fault).") }
  }

  private func house() throws -> HouseFormat {
    guard let format else { return LiveFormat.usual }
    do {
      return try JSONDecoder().decode(HouseFormat.self, from: Data(format.utf8))
    } catch {
      throw ValidationError("The house format is not as it should be: \(format)")
    }
  }

  func run() throws {
    LibAV.setLogging(false)
    if supervised { Supervision.obey() }
    let progress = Progress(.none)
    Supervision.watch(progress, input: output)
    do {
      _ = try CardRecording(
        lines: text, output: output, house: try house(), bitrate: bitrate, seconds: seconds, progress: progress
      ).run()
    } catch {
      let error = RecorderError(wrapping: error)
      DescriptorIO.log("stationd-recorder: \(error)")
      throw ExitCode(error.status.rawValue)
    }
  }
}

/// A tape of a card in the making.
struct CardRecording {
  let lines: [String]
  let output: String
  let house: HouseFormat
  let bitrate: Int?
  let seconds: Int
  let progress: Progress

  /// Makes the tape; returns what it has become.
  func run() throws -> TapeInfo {
    var spool = try Spool(directory: Recording.directory(of: output))
    let fillers = Fillers(house, card: lines, bitrate: bitrate)
    let programme = try Programme(standing: Int64(seconds) * HouseTime.perSecond, fillers, &spool)
    var info = TapeInfo(
      duration: .ninetyKilohertz(programme.duration), format: house, title: lines.first, muxRate: 0)
    let maker = TapeMaker(
      path: output, info: info, packets: SendOrder.merge(programme.packets), hasVideo: house.video != nil,
      bitrate: bitrate)
    info.muxRate = try maker.make(spool, streams: programme.streams, progress: progress)
    return info
  }
}
