import Synchronization
import TransportStream

/// How much of a station's air is in memory: said by the thread that reads ahead, obeyed by the one that sends.
final class Readiness: Sendable {
  private let ticks = Atomic<Int64>(.max)

  /// What is dated at or after this cannot be read yet; the end of time when all that is wanted soon is there, or nobody
  /// has looked.
  var end: Ticks {
    get { Ticks(ticks.load(ordering: .relaxed)) }
    set { ticks.store(newValue.count, ordering: .relaxed) }
  }
}
