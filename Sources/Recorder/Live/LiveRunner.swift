import LinuxIO

/// Deliveries for the desk, wherever they come from.
protocol LiveDelivery: AnyObject {
  /// What has come since the last call.
  ///
  /// - Parameter now: steady nanoseconds.
  func take(at now: Int64) throws(RecorderError) -> [LiveSink.Event]

  /// How long the stages before took for the latest picture; nil where nobody measures.
  var timings: LiveTimings? { get }

  /// Nothing more of what this run of the source delivers is of any use; another is begun after it.
  ///
  /// - Parameter now: steady nanoseconds.
  func giveUp(at now: Int64)
}

extension LiveDelivery {
  var timings: LiveTimings? { nil }
  func giveUp(at now: Int64) {}
}

/// Runs a source on threads of its own, again and again, and bears with those that hang.
final class LiveRunner: LiveDelivery {
  /// A source that delivers nothing for so long hangs: nanoseconds.
  private static let patience: Int64 = 20_000_000_000
  /// It is given so long to end after that; then another is started beside it.
  private static let grace: Int64 = 5_000_000_000
  /// Threads that hang for ever, at most: with more of them the whole process begins anew.
  private static let mostLost = 3
  /// A source that has delivered for so long has one of them forgiven. Nanoseconds.
  private static let forgiveness: Int64 = 300_000_000_000

  private let input: any LiveInput
  private let wake: WakeUp
  private var sink: LiveSink?
  private var startAt: Int64
  /// Of the clock that stands still while the machine sleeps: when a delivery came, and when the source was told to end.
  private var heardAt: Int64 = 0
  private var stoppedAt: Int64?
  private var deliversSince: Int64?
  private let running: @Sendable () -> Int64
  private var failures = 0
  private var lost = 0
  private(set) var timings: LiveTimings?
  /// Deliveries that did not fit.
  private(set) var dropped = 0

  /// - Parameters:
  ///   - start: the source is not touched before: steady nanoseconds.
  ///   - running: nanoseconds of a clock that stands still while the machine sleeps.
  init(
    _ input: any LiveInput, wake: WakeUp, start: Int64, running: @escaping @Sendable () -> Int64 = { RunningClock.now }
  ) {
    self.running = running
    self.input = input
    self.wake = wake
    startAt = start
  }

  deinit { sink?.stop() }

  func take(at now: Int64) throws(RecorderError) -> [LiveSink.Event] {
    guard let sink else {
      if now >= startAt { try start(now) }
      return []
    }
    let taken = sink.take()
    timings = taken.timings ?? timings
    dropped += taken.dropped
    let running = running()
    if let stoppedAt {
      // What a run that was given up still delivers is nobody's, but that it ended is good to know.
      if taken.events.contains(where: \.isEnd) {
        end(now)
      } else if running - stoppedAt > LiveRunner.grace {
        lost += 1
        guard lost <= LiveRunner.mostLost else {
          throw RecorderError(.inputOutput, "the source hangs again and again; beginning anew")
        }
        end(now)
      }
      return []
    }
    for event in taken.events {
      if event.isEnd { end(now) } else { hear(running) }
    }
    if self.sink == nil { return taken.events }
    guard running - heardAt > LiveRunner.patience else { return taken.events }
    giveUp(at: now)
    return taken.events + [.ended(RecorderError(.inputOutput, "the source has hung for 20 s"))]
  }

  func giveUp(at now: Int64) {
    guard let sink, stoppedAt == nil else { return }
    sink.stop()
    stoppedAt = running()
  }

  private func end(_ now: Int64) {
    sink?.stop()
    (sink, stoppedAt, deliversSince) = (nil, nil, nil)
    failures += 1
    startAt = now + Int64(input.retryDelay(after: failures)) * 1_000_000
  }

  private func hear(_ running: Int64) {
    (heardAt, failures) = (running, 0)
    let since = deliversSince ?? running
    deliversSince = since
    guard lost > 0, running - since > LiveRunner.forgiveness else { return }
    (lost, deliversSince) = (lost - 1, running)
  }

  private func start(_ now: Int64) throws(RecorderError) {
    let sink = LiveSink(wake: wake)
    let input = input
    do {
      try RealTimeThread.detach(name: "source") {
        do throws(RecorderError) {
          try input.run(into: sink)
          sink.end(nil)
        } catch {
          sink.end(error)
        }
      }
    } catch {
      throw RecorderError(error)
    }
    (self.sink, heardAt) = (sink, running())
  }
}
