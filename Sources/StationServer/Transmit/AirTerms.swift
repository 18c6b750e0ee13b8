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
  /// What they have sent.
  let counts = SendingCounts()

  /// The air's time.
  var now: Ticks { Ticks(nanoseconds: SteadyClock.now + clockOffset.load(ordering: .relaxed)) }
}
