import Glibc

/// The time that the machine has been awake (CLOCK_MONOTONIC): for telling what hangs from what slept.
package enum RunningClock {
  /// Nanoseconds.
  package static var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
