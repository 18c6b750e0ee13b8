import FoundationEssentials
import LibAV
import LinuxIO
import Tape
import TransportStream

/// A tape in the making, from the source file to the finished tape.
struct Recording {
  let input: String
  let output: String
  /// The station's format; nil takes the source's own.
  let house: HouseFormat?
  /// Bit/s, for a stream of constant rate; nil for a variable one.
  let bitrate: Int?
  /// The name on the card that stands in for a missing picture.
  let card: String
  let progress: Progress

  struct Outcome: Sendable {
    let info: TapeInfo
    /// Packets of the source that were damaged and left out.
    let skipped: Int
  }

  /// Makes the tape; returns what it has become.
  func run() throws(RecorderError) -> Outcome {
    do {
      let source = try checkInput()
      try checkOutput(against: source)
      var (transcodes, fillsPauses) = (false, false)
      while true {
        do {
          return try record(source, transcodesVideo: transcodes, fillsPauses: fillsPauses)
        } catch let need as PictureNeedsTranscoding where !transcodes || (need.hasPauses && !fillsPauses) {
          (transcodes, fillsPauses) = (true, fillsPauses || need.hasPauses)
          progress.restart()
        }
      }
    } catch let error as LibAVError where error.operation == "open" {
      throw RecorderError(
        .badMedia,
        "\(input): is no media file of a known kind, or a damaged one (\(error.reason))"
          + (isFresh ? "; it may still be being written" : ""))
    } catch {
      let error = RecorderError(wrapping: error)
      throw error.status == .badMedia ? RecorderError(.badMedia, "\(input): \(error.description)") : error
    }
  }

  private func checkInput() throws(RecorderError) -> FileStatus {
    let status: FileStatus
    do {
      status = try FileStatus(input)
      _ = try Descriptor(opening: input, 0)
    } catch {
      throw RecorderError(.noInput, "\(input): \(error.reason)")
    }
    switch status.kind {
    case .directory: throw RecorderError(.noInput, "\(input): is a directory; name a media file in it")
    case .other: throw RecorderError(.noInput, "\(input): is not a regular file")
    case .file: return status
    }
  }

  /// Whether somebody wrote to the source less than a minute ago.
  private var isFresh: Bool {
    guard let status = try? FileStatus(input) else { return false }
    return Date.now.timeIntervalSince1970 - Double(status.modified) / 1e9 < 60
  }

  /// A tape may take the place of a tape, but of nothing that would be missed.
  private func checkOutput(against source: FileStatus) throws(RecorderError) {
    guard let status = try? FileStatus(output) else { return }
    if status.isSameFile(as: source) {
      throw RecorderError(.cannotCreate, "\(output): is the media file itself; name another tape")
    }
    if status.kind == .directory { throw RecorderError(.cannotCreate, "\(output): is a directory; name a tape in it") }
  }

  /// A file that somebody is still writing is not all there, and its tape would be kept as if it were.
  func confirmUnchanged(since source: FileStatus) throws(RecorderError) {
    guard (try? FileStatus(input)) != source else { return }
    throw RecorderError(.inputOutput, "\(input): changed while it was read; try again when it is complete")
  }

  private func record(_ status: FileStatus, transcodesVideo: Bool, fillsPauses: Bool) throws -> Outcome {
    let demuxer = try Demuxer(path: input)
    let plan = try RecordingPlan(demuxer.streams, house: house, transcodesVideo: transcodesVideo)
    try plan.confirmEncodable()
    progress.found(plan.house)
    var spool = try Spool(directory: Recording.directory(of: output))
    let title = demuxer.title
    let source = try Source(consume demuxer, plan: plan, bitrate: bitrate, fillsPauses: fillsPauses)
    try source.record(into: &spool, progress)
    try confirmUnchanged(since: status)

    let fillers = Fillers(plan.house, card: [card], bitrate: bitrate)
    let programme = try Programme(source, fillers, &spool)
    let info = TapeInfo(
      duration: Ticks.ninetyKilohertz(programme.duration), format: plan.house, title: title, muxRate: 0)
    let maker = TapeMaker(
      path: output, info: info, packets: SendOrder.merge(programme.packets), hasVideo: plan.house.video != nil,
      bitrate: bitrate)
    let rate = try maker.make(spool, streams: programme.streams, progress: progress)
    return Outcome(
      info: TapeInfo(duration: info.duration, format: info.format, title: title, muxRate: rate),
      skipped: source.skipped)
  }

  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
