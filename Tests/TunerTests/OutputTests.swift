import FoundationEssentials
import Glibc
import LinuxIO
import Reception
import TSBytes
import Testing

@testable import Tuner

/// What a stream is written to that is no player.
struct OutputTests {
  @Test func aFileThatIsThereIsLeftAlone() throws {
    let folder = try SessionTests.Folder()
    let path = folder.path + "/keep.ts"
    try Data("precious".utf8).write(to: URL(filePath: path))
    let error = #expect(throws: TunerError.self) {
      _ = try Playback(.file(path, replaces: false), for: TSBytes.tuning())
    }
    #expect(error == TunerError(.cannotCreate, "\(path) is there already; --force replaces it."))
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
    _ = try Playback(.file(path, replaces: true), for: TSBytes.tuning())
    #expect(try Data(contentsOf: URL(filePath: path)).isEmpty)
    _ = try Playback(.file(folder.path + "/new.ts", replaces: false), for: TSBytes.tuning())
    _ = try Playback(.file("/dev/null", replaces: false), for: TSBytes.tuning())
  }

  @Test func twoKindsOfCodecsDoNotGoIntoOneFile() throws {
    let folder = try SessionTests.Folder()
    let television = TSBytes.tuning(1, name: "Tide")
    let radio = TSBytes.tuning(3, name: "Quay", radio: true)
    let file = try Playback(.file(folder.path + "/a.ts", replaces: false), for: television)
    let refusal = file.refusal(of: radio, after: television)
    #expect(refusal?.status == .temporary && refusal?.description.hasPrefix("3 Quay has other codecs than") == true)
    #expect(file.refusal(of: TSBytes.tuning(2), after: television) == nil)
    let player = try Playback(.player("cat > /dev/null"), for: television)
    #expect(player.refusal(of: radio, after: television) == nil)
  }

  /// Nobody has to read it for the session to go on, or to end.
  @Test func aPipeThatNobodyReadsIsNotWaitedFor() async throws {
    let folder = try SessionTests.Folder()
    let path = folder.path + "/pipe"
    let maker = try ChildProcess(["mkfifo", path])
    while maker.poll() == nil { try await Task.sleep(for: .milliseconds(5)) }
    let start = SteadyClock.now
    let playback = try Playback(.file(path, replaces: false), for: TSBytes.tuning())
    #expect(SteadyClock.now - start < 1_000_000_000 && playback.isUnread)
    #expect(try playback.sink.write([1, 2, 3].span) == 0)
    let reader = try Descriptor(opening: path, O_RDONLY | O_NONBLOCK)
    #expect(!playback.isUnread)
    #expect(try playback.sink.write([1, 2, 3].span) == 3)
    _ = consume reader
    let error = #expect(throws: SystemError.self) { try playback.sink.write([1, 2, 3].span) }
    #expect(error?.code == EPIPE)
  }

  @Test func aRecordingThatIsCutBeforeItsEndSaysSo() {
    let status = RecordingSession.exitStatus
    let gone = SystemError(operation: "write to", subject: "standard output", code: EPIPE)
    let full = SystemError(operation: "write to", subject: "a.ts", code: ENOSPC)
    #expect(status(true, false, nil) == 0 && status(false, false, nil) == 0 && status(false, true, nil) == 0)
    #expect(status(true, true, nil) == 74)
    // A reader that goes away when it has enough is as good as Ctrl-C, but not where an end was asked for.
    #expect(status(false, true, gone) == 0 && status(true, true, gone) == 74)
    #expect(status(false, true, full) == 74 && status(true, true, full) == 74)
  }
}
