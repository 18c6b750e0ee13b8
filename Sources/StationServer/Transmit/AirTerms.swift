import LinuxIO
import Synchronization
import TransportStream

/// What all sending threads of this process go by, and what they have done.
final class AirTerms: Sendable {
  /// UTC minus the air's steady time, nanoseconds: the first thread keeps it, the others follow.
  let clockOffset = Atomic<Int64>(0)
  /// Nothing dated at or after this is sent: ticks.
  let end = Atomic<Int64>(.max)
  /// How many threads send.
  let threads = Atomic<Int>(0)
  /// System calls that sent, messages in them (a train is one), and datagrams in those, since they began.
  let calls = Atomic<Int>(0)
  let trains = Atomic<Int>(0)
  let datagrams = Atomic<Int>(0)

  /// Counts what became of one batch.
  func count(_ outcome: SendOutcome) {
    calls.add(outcome.calls, ordering: .relaxed)
    trains.add(outcome.trains, ordering: .relaxed)
    datagrams.add(outcome.sent, ordering: .relaxed)
  }

  /// The air's time.
  var now: Ticks { Ticks(nanoseconds: SteadyClock.now + clockOffset.load(ordering: .relaxed)) }
}
