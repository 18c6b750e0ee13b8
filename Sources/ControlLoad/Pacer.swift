import LinuxIO
import NIOCore

/// Has connections ask in turn, at dates that follow from the start alone: what falls behind is made up for, and counts
/// as late.
final class Pacer {
  private let askers: [Asker]
  private let rate: Double
  private let total: Int
  private var start: Int64 = 0
  private var asked = 0
  private let state: LoadState

  private static let step = TimeAmount.milliseconds(1)
  /// How long the last answers may take.
  private static let patience: Int64 = 3_000_000_000

  init(_ channels: [any Channel], _ state: LoadState, rate: Double, seconds: Double) {
    askers = channels.compactMap { try? $0.pipeline.syncOperations.handler(type: Asker.self) }
    self.state = state
    self.rate = rate
    total = Int(rate * seconds)
    state.tally.latencies.reserveCapacity(total)
  }

  /// Until all was asked and answered, or nothing more is to be expected.
  func run(on loop: any EventLoop) -> EventLoopFuture<Void> {
    let done = loop.makePromise(of: Void.self)
    let pacer = NIOLoopBound(self, eventLoop: loop)
    start = SteadyClock.now
    loop.scheduleRepeatedTask(initialDelay: Self.step, delay: Self.step) { task in
      let now = SteadyClock.now
      pacer.value.ask(until: now)
      if pacer.value.isDone(at: now) {
        task.cancel()
        done.succeed()
      }
    }
    return done.futureResult
  }

  private func ask(until now: Int64) {
    guard !askers.isEmpty else { return }
    let due = min(total, Int(Double(now - start) / 1e9 * rate) + 1)
    while asked < due {
      askers[asked % askers.count].ask(due: start + Int64(Double(asked) / rate * 1e9))
      asked += 1
    }
  }

  private func isDone(at now: Int64) -> Bool {
    let end = start + Int64(Double(total) / rate * 1e9)
    let answered = state.tally.answers + state.tally.wrong + state.tally.skipped
    return askers.isEmpty || now > end && (answered >= total || now > end + Self.patience)
  }
}
