import Synchronization
import SyntheticTape
import Tape
import Testing

@testable import StationServer

/// Recorders that are shell scripts: everything that can become of one.
@Suite struct RecorderProcessTests {
  let directory: TemporaryDirectory
  /// The shell is the recorder and the script its source: to run a file that was written just now may fail with "text file
  /// busy", when another test starts a program at that moment, which for an instant holds all that is open.
  let request: TapeRequest

  init() throws {
    directory = try TemporaryDirectory()
    request = TapeRequest(
      source: SourceFile(path: directory.path("script"), size: 1, modified: 1), bitrate: 4_000_000)
  }

  private func run(_ script: String, patience: Duration = .seconds(10)) async throws -> (RecordingOutcome, [Double]) {
    try Scratch.write(script, to: directory.path("script"))
    let percents = Mutex<[Double]>([])
    let recorder = RecorderProcess(executable: "/bin/sh", patience: patience)
    let outcome = await recorder.record(request, to: directory.path("a.ts")) { line in
      if let progress = line.progress { percents.withLock { $0.append(progress.percent) } }
    }
    return (outcome, percents.withLock(\.self))
  }

  @Test func hearsProgressAndIgnoresTheRest() async throws {
    let (outcome, percents) = try await run(
      #"""
      echo '{"progress": {"percent": 12.5, "speed": 3, "secondsLeft": 8}}'
      echo 'noise'
      echo '{"progress": {"percent": 90}}'
      echo '{"done": {"duration": 27000000}}'
      """#)
    #expect(outcome == .done)
    #expect(percents == [12.5, 90])
  }

  @Test func passesItsArguments() async throws {
    let (outcome, _) = try await run("echo \"stationd-recorder: $0: $*\" >&2; exit 65")
    let arguments = "-o \(directory.path("a.ts")) --progress json --supervised --bitrate 4000000"
    #expect(outcome == .bad(reason: arguments))
  }

  @Test func asksForCards() async throws {
    let house = HouseFormat(video: .init(codec: "h264"), audio: [])
    let card = TapeRequest(cardWith: ["One", "back soon"], format: house, bitrate: 900_000)
    #expect(
      RecorderProcess(executable: "").arguments(card, "c.ts") == [
        "card", "--text", "One", "--text", "back soon", "-o", "c.ts", "--format",
        #"{"audio":[],"video":{"codec":"h264"}}"#, "--bitrate", "900000",
      ])
  }

  @Test func hearsWhatFormatTheTapeWillHave() throws {
    let line =
      #"{"format": {"audio": [{"channels": 2, "codec": "aac", "sampleRate": 48000}], "video": {"codec": "hevc"}}}"#
    let format = try #require(RecorderLine(line)?.format)
    #expect(
      format == HouseFormat(video: .init(codec: "hevc"), audio: [.init(codec: "aac", sampleRate: 48_000, channels: 2)]))
  }

  /// However fast a recorder ends, its last words are heard.
  @Test func hearsTheLastWords() async throws {
    for _ in 0..<20 {
      let (outcome, _) = try await run("echo first >&2; echo 'the file is noise' >&2; exit 65")
      #expect(outcome == .bad(reason: "the file is noise"))
    }
  }

  @Test func tellsFailuresFromBadMedia() async throws {
    #expect(try await run("echo 'disk full' >&2; exit 74").0 == .failed(reason: "disk full"))
    #expect(try await run("exit 70").0 == .failed(reason: "the recorder ended with status 70"))
    #expect(try await run("kill -SEGV $$").0 == .failed(reason: "the recorder was ended by signal 11"))
    #expect(try await run("exit 65").0 == .bad(reason: "it is no media file that can be played"))
  }

  @Test func saysWhenThereIsNoRecorder() async {
    let outcome = await RecorderProcess(executable: directory.path("nothing")).record(request, to: "") { _ in }
    guard case .failed(let reason) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.contains("cannot be run"))
  }

  @Test func endsOneThatSaysNothingNew() async throws {
    let script = "while true; do echo '{\"progress\": {\"percent\": 5}}'; sleep 0.02; done"
    let (outcome, percents) = try await run(script, patience: .seconds(2))
    #expect(outcome == .failed(reason: "the recorder made no progress for 2 s"))
    #expect(percents == [5])
  }

  @Test func endsItWhenCancelled() async throws {
    let pidFile = directory.path("pid")
    let began = ContinuousClock.now
    let task = Task { try await run("trap '' TERM; echo $$ > \(pidFile); read line") }
    for _ in 0..<2000 where !Scratch.exists(pidFile) { try await Task.sleep(for: .milliseconds(5)) }
    #expect(Scratch.exists(pidFile))
    task.cancel()
    _ = try? await task.value
    #expect(ContinuousClock.now - began < .seconds(20))
  }

  @Test func keepsStandardInputOpenUntilTheEnd() async throws {
    // `read` would return at once at the end of the input, and 1 be its status.
    let (outcome, _) = try await run("timeout 0.2 cat; [ $? = 124 ] || exit 65")
    #expect(outcome == .done)
  }
}
