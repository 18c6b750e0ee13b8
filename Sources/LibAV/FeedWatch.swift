import Glibc
import Synchronization

/// Bounds every call into libav that waits for a network: libav asks it, many times a second, whether to give up.
final class FeedWatch: Sendable {
  private let deadline = Atomic<Int64>(.max)
  private let allowance = Atomic<Int64>(0)
  private let late = Atomic<Bool>(false)
  private let isStopped: @Sendable () -> Bool

  /// - Parameter isStopped: asked on the thread that waits; true ends any wait at once.
  init(isStopped: @escaping @Sendable () -> Bool) { self.isStopped = isStopped }

  /// Gives what follows so many seconds from now.
  func allow(_ seconds: Double) {
    allowance.store(Int64(seconds * 1_000), ordering: .relaxed)
    deadline.store(FeedWatch.now + Int64(seconds * 1_000_000_000), ordering: .relaxed)
  }

  /// What was allowed last, in seconds.
  var allowed: Double { Double(allowance.load(ordering: .relaxed)) / 1_000 }

  /// Ends what waits now.
  func giveUp() { deadline.store(.min, ordering: .relaxed) }

  /// The time is up.
  var isLate: Bool { FeedWatch.now >= deadline.load(ordering: .relaxed) }
  /// Someone wants it to end.
  var isCalledOff: Bool { isStopped() }
  /// To be asked by whoever waits; what it has once said about lateness stays so (``ranOut``).
  var isOver: Bool {
    if isLate { late.store(true, ordering: .relaxed) }
    return isLate || isCalledOff
  }
  /// A wait has been given up because its time was up: libav then hands out what is left, and forgets why.
  var ranOut: Bool { late.load(ordering: .relaxed) }

  /// Steady, in nanoseconds.
  private static var now: Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
