import LinuxIO
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Takes up edits of the configuration file: when it was saved, and when it is told to look (SIGHUP).
struct ConfigurationWatch: Service {
  let file: String
  /// What stationd was started with.
  let configuration: Configuration
  let logger: Logger
  /// Each says: look at once, whatever the file's date is.
  let hangUps: AsyncStream<Void>
  /// How often the file is looked at.
  var period = Duration.seconds(1)
  /// Reads the file; it may take its time, on a thread that may wait.
  var read: @Sendable (String) throws(Launch.Failure) -> Configuration = Launch.read
  /// Puts an edit on the air.
  let apply: @Sendable (ConfigurationEdit) async -> Void

  func run() async throws {
    let (events, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let isAsked = Asked()
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask {
          for await _ in hangUps {
            isAsked.flag.store(true, ordering: .releasing)
            continuation.yield()
          }
        }
        group.addTask {
          while !Task.isCancelled {
            try? await Task.sleep(for: period)
            continuation.yield()
          }
        }
        await follow(events, isAsked)
        group.cancelAll()
      }
    }
  }

  /// Whether somebody has asked to look: that waits for a reading that takes long, and is not lost over it.
  private final class Asked: Sendable {
    let flag = Atomic(false)
  }

  /// Until the task is cancelled.
  private func follow(_ events: AsyncStream<Void>, _ isAsked: Asked) async {
    // As if it had never been read: an edit while stationd started is seen.
    var sighting = FileSighting(nil)
    var reading = ConfigurationReading(file: file, said: configuration, running: configuration)
    for await _ in events {
      let wasAsked = isAsked.flag.exchange(false, ordering: .acquiring)
      if !wasAsked {
        switch sighting.look(await look()) {
        case .changed: break
        case .missing:
          logger.warning("\(file) is not there any more: stations stay as they are")
          continue
        case nil: continue
        }
      }
      guard let found = await readAside() else { continue }
      let outcome = reading.take(found, wasAsked: wasAsked)
      for line in outcome.lines { logger.log(level: line.level, "\(line.text)") }
      if let edit = outcome.edit { await apply(edit) }
    }
  }

  private func look() async -> FileStatus? {
    try? await NIOThreadPool.singleton.runIfActive { [file] in try? FileStatus(file) }
  }

  private func readAside() async -> Result<Configuration, Launch.Failure>? {
    try? await NIOThreadPool.singleton.runIfActive { [file, read] in
      Result { () throws(Launch.Failure) in try read(file) }
    }
  }
}

/// What becomes of a reading of the file: a reading in, lines for the log and an edit out.
struct ConfigurationReading {
  struct Outcome {
    var lines: [(level: Logger.Level, text: String)] = []
    var edit: ConfigurationEdit?
  }

  let file: String
  private var said: Configuration
  private(set) var running: Configuration
  /// What was last wrong with the file; it is not said again until it is something else.
  private var complaint: String?

  init(file: String, said: Configuration, running: Configuration) {
    self.file = file
    self.said = said
    self.running = running
  }

  /// - Parameter wasAsked: somebody wants to hear what came of it, also when it is nothing new.
  mutating func take(_ found: Result<Configuration, Launch.Failure>, wasAsked: Bool) -> Outcome {
    var outcome = Outcome()
    switch found {
    case .failure(let failure):
      guard wasAsked || failure.message != complaint else { break }
      complaint = failure.message
      outcome.lines = failure.message.split(separator: "\n").map { (.error, String($0)) }
      outcome.lines.append((.error, "\(file): stations stay as they are until that is put right"))
    case .success(let says):
      let edit = ConfigurationEdit(said: said, says: says, running: running)
      (said, running) = (says, edit.running)
      outcome.lines = edit.deferred.map { (.notice, "\(file): \($0)") }
      if !edit.isNothing {
        outcome.lines.append((.info, "\(file): \(edit.summary)"))
        outcome.edit = edit
      } else if edit.deferred.isEmpty, wasAsked || complaint != nil {
        outcome.lines.append((.info, "\(file): \(complaint == nil ? "" : "put right, ")nothing changed"))
      }
      complaint = nil
    }
    return outcome
  }
}
