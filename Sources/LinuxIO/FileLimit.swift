import Glibc

/// How many files and connections this process may have open.
package enum FileLimit {
  /// Raises the limit to the most that this user may have, and returns it.
  package static func raise() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    var raised = limit
    raised.rlim_cur = min(limit.rlim_max, 1 << 20)
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 else {
      return Int(clamping: limit.rlim_cur)
    }
    return Int(clamping: raised.rlim_cur)
  }
}
