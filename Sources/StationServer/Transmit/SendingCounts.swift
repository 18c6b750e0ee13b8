import LinuxIO
import Synchronization

/// What the sending threads have asked of the kernel since they began: how large their batches and trains are.
final class SendingCounts: Sendable {
  /// System calls.
  let calls = Atomic<Int>(0)
  /// Messages in them: a train is one.
  let trains = Atomic<Int>(0)
  /// Datagrams in those.
  let datagrams = Atomic<Int>(0)

  /// Counts one flush.
  func add(_ outcome: SendOutcome) {
    calls.add(outcome.calls, ordering: .relaxed)
    trains.add(outcome.trains, ordering: .relaxed)
    datagrams.add(outcome.sent, ordering: .relaxed)
  }
}
