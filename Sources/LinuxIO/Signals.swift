import Glibc

/// Signals as events to wait for, not as interruptions.
package enum Signals {
  /// Keeps signals back for `wait`: in this thread and all it starts later, so to be called before the first of them.
  /// A child process that is started meanwhile inherits this.
  package static func block(_ signals: [Int32]) {
    var set = set(of: signals)
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Waits until one of some blocked signals comes, and returns it.
  package static func wait(for signals: [Int32]) -> Int32 {
    var set = set(of: signals)
    var signal: Int32 = 0
    while unsafe sigwait(&set, &signal) != 0 {}
    return signal
  }

  /// Stops this process as Ctrl-Z does; returns when it goes on. Where nobody could have it go on (POSIX: its process group is
  /// orphaned), the kernel does not stop it, and this returns at once.
  package static func stopHere() {
    var set = set(of: [SIGTSTP])
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    // To this thread, so that it is here that it stops.
    raise(SIGTSTP)
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Ignores signals in the whole process, and in the programs it starts unless they decide otherwise.
  package static func ignore(_ signals: [Int32]) {
    for signal in signals { _ = Glibc.signal(signal, SIG_IGN) }
  }

  private static func set(of signals: [Int32]) -> sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in signals { unsafe sigaddset(&set, signal) }
    return set
  }
}
