import FoundationEssentials
import Glibc
import Logging
import Synchronization
import SyntheticTape
import Testing

@testable import StationServer

/// With a real file, read as stationd reads it; only looked at more often.
@Suite struct ConfigurationWatchTests {
  /// What a watch has said and done.
  private final class Record: Sendable {
    let lines = Mutex<[String]>([])
    let edits = Mutex<[ConfigurationEdit]>([])

    var log: [String] { lines.withLock(\.self) }
    var done: [ConfigurationEdit] { edits.withLock(\.self) }

    /// Waits for something to be so.
    func wait(for what: (Record) -> Bool) async -> Bool {
      for _ in 0..<500 {
        if what(self) { return true }
        try? await Task.sleep(for: .milliseconds(10))
      }
      return false
    }
  }

  private struct Log: LogHandler {
    let record: Record
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { record.lines.withLock { $0.append("\(event.message)") } }
  }

  private static func text(_ names: [String]) -> String {
    let stations = names.enumerated().map { index, name in
      #"{"number":\#(index + 1),"name":"\#(name)","source":{"files":["one.mp4"]}}"#
    }
    return #"{"site":{"name":"S"},"stations":[\#(stations.joined(separator: ","))]}"#
  }

  /// A watch over a file that names one station, "One".
  private func watching(
    period: Duration = .milliseconds(20),
    read: @escaping @Sendable (String) throws(Launch.Failure) -> Configuration = Launch.read,
    _ body: (_ file: String, Record, _ hangUp: () -> Void) async throws -> Void
  ) async throws {
    let directory = try TemporaryDirectory()
    let (record, file) = (Record(), directory.path("s.json"))
    try Scratch.write("media", to: directory.path("one.mp4"))
    try Scratch.write(Self.text(["One"]), to: file)
    let (hangUps, hangUp) = AsyncStream.makeStream(of: Void.self)
    let watch = ConfigurationWatch(
      file: file, configuration: try Launch.read(file), logger: Logger(label: "test") { _ in Log(record: record) },
      hangUps: hangUps, period: period, read: read
    ) { edit in record.edits.withLock { $0.append(edit) } }
    let running = Task { try await watch.run() }
    try await body(file, record) { hangUp.yield() }
    running.cancel()
    try await running.value
  }

  @Test func takesUpAnEditWhenTheFileIsSaved() async throws {
    try await watching { file, record, _ in
      try await Task.sleep(for: .milliseconds(100))
      #expect(record.done.isEmpty)
      #expect(record.log.isEmpty)
      try Scratch.write(Self.text(["One", "Two"]), to: file)
      #expect(await record.wait { !$0.done.isEmpty })
      #expect(record.done.map { $0.added.map(\.name) } == [["Two"]])
      #expect(record.log == ["\(file): 1 station added"])
    }
  }

  @Test func takesUpAFileThatIsReplaced() async throws {
    try await watching { file, record, _ in
      try Scratch.replace(file, by: Self.text(["Eno"]))
      #expect(await record.wait { !$0.done.isEmpty })
      #expect(record.done.map { $0.changed.map(\.keys) } == [[["name"]]])
      // And one that is away for a while.
      Scratch.remove(file)
      #expect(await record.wait { $0.log.last == "\(file) is not there any more: stations stay as they are" })
      try Scratch.write(Self.text(["Eno", "Two"]), to: file)
      #expect(await record.wait { $0.done.count == 2 })
      #expect(record.done.last?.added.map(\.name) == ["Two"])
      #expect(record.done.last?.changed.isEmpty == true)
    }
  }

  @Test func aFileWithErrorsChangesNothing() async throws {
    try await watching { file, record, _ in
      try Scratch.write(Self.text(["One", "One", ""]), to: file)
      #expect(await record.wait { $0.log.count >= 3 })
      #expect(record.log.count == 3)
      #expect(record.log[0].hasPrefix("\(file): stations[1].name: the name one is taken"))
      #expect(record.log[1].hasPrefix("\(file): stations[2].name: \"\" is empty"))
      #expect(record.log[2] == "\(file): stations stay as they are until that is put right")
      try Scratch.write(Self.text(["One", "Other"]), to: file)
      #expect(await record.wait { !$0.done.isEmpty })
      #expect(record.done.map { $0.added.map(\.name) } == [["Other"]])
    }
  }

  /// Looks that wait behind a reading that takes long do not push the request out.
  @Test func aRequestOutlastsASlowReading() async throws {
    let slow = { @Sendable (file: String) throws(Launch.Failure) -> Configuration in
      usleep(400_000)
      return try Launch.read(file)
    }
    try await watching(period: .milliseconds(5), read: slow) { file, record, hangUp in
      try await Task.sleep(for: .milliseconds(100))  // the first look's reading is under way
      hangUp()
      #expect(await record.wait { $0.log == ["\(file): nothing changed"] })
    }
  }

  /// However long it would have been until the next look.
  @Test func looksAtOnceWhenItIsTold() async throws {
    try await watching(period: .seconds(3600)) { file, record, hangUp in
      hangUp()
      #expect(await record.wait { $0.log == ["\(file): nothing changed"] })
      try Scratch.write(Self.text(["One", "Two"]), to: file)
      hangUp()
      #expect(await record.wait { !$0.done.isEmpty })
      try Scratch.write(Self.text(["Two"]), to: file)
      hangUp()
      #expect(await record.wait { $0.done.count == 2 })
      #expect(record.done.last?.removed.map(\.number) == [2])
      #expect(record.done.last?.changed.map(\.after.name) == ["Two"])
    }
  }
}
