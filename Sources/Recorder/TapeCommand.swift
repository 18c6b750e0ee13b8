import ArgumentParser
import FoundationEssentials
import LibAV
import LinuxIO
import Tape

/// Makes a tape of a media file.
struct TapeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tape",
    abstract: "Makes a tape: a programme conditioned for air, as stationd plays it.",
    discussion: """
      Any media file goes in; a transport stream and its index come out. Streams are copied where players take them \
      as they are, and transcoded where not. stationd starts this program by itself; by hand it is good for a look at \
      what goes on the air.

      EXAMPLES
        stationd-recorder film.mkv -o film.ts
        stationd-recorder film.mkv -o film.ts --bitrate 6000000
        stationd-recorder song.flac -o song.ts --card "Radio Quay" \\
          --format '{"video":{"codec":"h264"},"audio":[{"codec":"aac","sampleRate":48000,"channels":2}]}'
      """)

  @Argument(help: "The media file.")
  var input: String

  @Option(name: .shortAndLong, help: "The tape; its name ends in .ts, and its index goes beside it.")
  var output: String

  @Option(help: "The station's house format, as JSON; without it the file's own is kept.")
  var format: String?

  @Option(help: "A constant rate in bit/s, null packets included; without it the rate varies with the content.")
  var bitrate: Int?

  @Option(help: "The name on the card that is shown where a picture is missing.")
  var card: String = ""

  @Option(help: "How to report progress on standard output: json, terminal or none (terminal where there is one).")
  var progress: Progress.Style?

  @Flag(help: "Yield to all other work, and end with whoever holds the other end of standard input.")
  var supervised = false

  @Flag(help: "Let libav say on standard error what it dislikes.")
  var verbose = false

  func validate() throws {
    guard output.hasSuffix(".ts") else { throw ValidationError("A tape's name ends in .ts, unlike \"\(output)\".") }
    if let bitrate, !(100_000...MuxRate.highest).contains(bitrate) {
      throw ValidationError("A bitrate of \(bitrate) bit/s is not between 100000 and \(MuxRate.highest).")
    }
    _ = try houseFormat()
  }

  private func houseFormat() throws -> HouseFormat? {
    guard let format else { return nil }
    let house: HouseFormat
    do {
      house = try JSONDecoder().decode(HouseFormat.self, from: Data(format.utf8))
    } catch {
      throw ValidationError("The house format is not as it should be: \(format)")
    }
    if let fault = RecordingPlan.fault(in: house) { throw ValidationError("The house format has \(fault).") }
    return house
  }

  func run() throws {
    LibAV.setLogging(verbose)
    let style = self.progress ?? (Terminal.isTerminal(1) ? .terminal : .none)
    let progress = Progress(style)
    if supervised { Supervision.obey() }
    Supervision.watch(progress, input: input)
    do {
      let recording = Recording(
        input: input, output: output, house: try houseFormat(), bitrate: bitrate, card: card, progress: progress)
      let outcome = try recording.run()
      progress.end()
      try report(outcome.info, skipped: outcome.skipped, style, progress)
    } catch let error as RecorderError {
      progress.end()
      DescriptorIO.log("stationd-recorder: \(error)")
      throw ExitCode(error.status.rawValue)
    }
  }

  private func report(_ info: TapeInfo, skipped: Int, _ style: Progress.Style, _ progress: Progress) throws {
    switch style {
    case .none: break
    case .terminal:
      progress.write(
        "\(output): \(Int(info.duration.inSeconds)) s, multiplexed at \(info.muxRate / 1_000) kbit/s"
          + (skipped > 0 ? "; \(skipped) damaged packets left out\n" : "\n"))
    case .json:
      struct Done: Encodable {
        let duration: Int64
        let format: HouseFormat
        let bitrate: Int
        let skipped: Int
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let done = Done(duration: info.duration.count, format: info.format, bitrate: info.muxRate, skipped: skipped)
      let json = try encoder.encode(["done": done])
      progress.write(String(decoding: json, as: UTF8.self) + "\n")
    }
  }
}

extension Progress.Style: ExpressibleByArgument {}
