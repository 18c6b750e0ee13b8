import LinuxIO

/// Deliveries for the desk, wherever they come from.
protocol LiveDelivery: AnyObject {
  /// What has come since the last call.
  ///
  /// - Parameter now: steady nanoseconds.
  func take(at now: Int64) throws(RecorderError) -> [LiveSink.Event]

  /// How long the stages before took for the latest picture; nil where nobody measures.
  var timings: LiveTimings? { get }
}

extension LiveDelivery {
  var timings: LiveTimings? { nil }
}

/// Runs a source on threads of its own, again and again, and bears with those that hang.
final class LiveRunner: LiveDelivery {
  /// A source that delivers nothing for so long hangs: nanoseconds.
  private static let patience: Int64 = 20_000_000_000
  /// It is given so long to end after that; then another is started beside it.
  private static let grace: Int64 = 5_000_000_000
  /// Threads that hang for ever, at most: with more of them the whole process begins anew.
  private static let mostLost = 3

  private let input: any LiveInput
  private let wake: WakeUp
  private var sink: LiveSink?
  private var startAt: Int64
  private var heardAt: Int64 = 0
  private var failures = 0
  private var lost = 0
  private(set) var timings: LiveTimings?
  /// Deliveries that did not fit.
  private(set) var dropped = 0

  /// - Parameter start: the source is not touched before: steady nanoseconds.
  init(_ input: any LiveInput, wake: WakeUp, start: Int64) {
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
    for event in taken.events {
      if case .ended = event {
        sink.stop()
        self.sink = nil
        failures += 1
        startAt = now + Int64(input.retryDelay(after: failures)) * 1_000_000
      } else {
        (heardAt, failures) = (now, 0)
      }
    }
    if self.sink == nil { return taken.events }
    if now - heardAt > LiveRunner.patience, !sink.isStopped {
      sink.stop()
      return taken.events + [.ended(RecorderError(.inputOutput, "the source has hung for 20 s"))]
    }
    if now - heardAt > LiveRunner.patience + LiveRunner.grace {
      lost += 1
      guard lost <= LiveRunner.mostLost else {
        throw RecorderError(.inputOutput, "the source hangs again and again; beginning anew")
      }
      self.sink = nil
      startAt = now
    }
    return taken.events
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
    (self.sink, heardAt) = (sink, now)
  }
}
