import CLinux
import Glibc

/// How much of the machine a worker process may take.
package enum ProcessLimits {
  /// Puts this process (and the threads it starts from now on) behind all others: nice 10, and the disk only when
  /// nobody else wants it.
  package static func yieldToOthers() {
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    _ = CLinux_set_idle_io_priority()
  }

  /// Puts this process (and the threads it starts from now on) ahead of those that are as nice as usual: nice -5, where the
  /// kernel grants it.
  package static func goAhead() { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -5) }

  /// Puts the calling thread, and no other, behind those that are as nice as usual: nice 5. Linux keeps it for each thread.
  package static func yieldThread() { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5) }

  /// Bounds the address space, and leaves no core file behind.
  ///
  /// - Parameter addressSpace: bytes; what the machine already grants less than is left alone.
  package static func set(addressSpace: UInt64) {
    var limit = rlimit()
    if unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 {
      limit.rlim_cur = min(limit.rlim_max, rlim_t(addressSpace))
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    }
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  }

  /// Returns when standard input ends, which it does when the process that holds its other end dies.
  package static func waitForEndOfInput() {
    var bytes = [UInt8](repeating: 0, count: 256)
    while true {
      let count = unsafe read(STDIN_FILENO, &bytes, bytes.count)
      if count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN) { return }
    }
  }

  /// Ends the process at once, without running anything else of it.
  package static func exitNow(_ status: Int32) -> Never { _exit(status) }

  /// Sleeps this thread.
  package static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1_000) }
}
