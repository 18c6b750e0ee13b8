import LinuxIO
import Logging
import ServiceLifecycle

/// Starts a recorder for each tape that the registry wants made, and tells it what becomes of them.
struct RecorderService: Service {
  let registry: StationRegistry
  let recorder: RecorderProcess
  let logger: Logger
  /// Seconds between two lines about one recorder's progress.
  var interval = 10.0

  func run() async throws {
    // At the end all recorders are ended with the group's tasks.
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for await _ in registry.recordingWake.rings() {
          for recording in await registry.startRecordings() { group.addTask { await record(recording) } }
        }
        group.cancelAll()
      }
    }
  }

  private func record(_ recording: Recording) async {
    guard recording.request.source != nil else { return await makeCard(recording) }
    let file = recording.request.label
    let began = SteadyClock.now
    let log = ProgressLog(interval: interval, began: Double(began) / 1e9)
    logger.info("recording \(file)")
    let outcome = await recorder.record(recording.request, to: recording.output) { line in
      if let format = line.format { await registry.found(format, by: recording.request) }
      guard let progress = line.progress else { return }
      await registry.progressed(recording.request, percent: Int(max(0, min(100, progress.percent))))
      let now = Double(SteadyClock.now) / 1e9
      if let line = await log.line(progress, at: now) { logger.info("recording \(file): \(line)") }
    }
    guard !Task.isCancelled else { return }
    switch outcome {
    case .done: logger.info("recorded \(file) in \(Double((SteadyClock.now - began) / 100_000_000) / 10) s")
    case .bad(let reason): logger.error("cannot play \(file): \(reason)")
    case .failed(let reason): logger.warning("cannot record \(file), and will try again: \(reason)")
    }
    await registry.finished(recording.request, outcome)
  }

  /// Cards come and go: only those that cannot be made are worth a line.
  private func makeCard(_ recording: Recording) async {
    let outcome = await recorder.record(recording.request, to: recording.output) { _ in }
    guard !Task.isCancelled else { return }
    switch outcome {
    case .done: break
    case .bad(let reason), .failed(let reason):
      logger.warning("cannot make \(recording.request.label), and will try again: \(reason)")
    }
    await registry.finished(recording.request, outcome)
  }
}

/// Says how a recorder gets on, now and then.
actor ProgressLog {
  private let interval: Double
  private var last: Double

  /// `interval`, `began`: seconds.
  init(interval: Double, began: Double) {
    self.interval = interval
    last = began
  }

  /// A line about this progress; nil while the last one is not long ago.
  func line(_ progress: RecorderLine.Progress, at now: Double) -> String? {
    guard now - last >= interval else { return nil }
    last = now
    let speed = progress.speed.map { ", \(Double(whole($0 * 10)) / 10) times as fast as it plays" } ?? ""
    let left = progress.secondsLeft.map { ", \(whole($0.rounded(.up))) s left" } ?? ""
    return "\(whole(progress.percent)) %\(speed)\(left)"
  }

  /// A recorder reads untrusted media, so its numbers are not trusted either.
  private func whole(_ number: Double) -> Int { Int(max(0, min(1e9, number))) }
}
