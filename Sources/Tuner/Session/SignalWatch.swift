import Glibc
import LinuxIO
import Synchronization

/// The signals that end a program, as events for whoever is in charge; before anybody is, they just end it.
enum SignalWatch {
  private static let handler = Mutex<(handle: (@Sendable (Int32) -> Void)?, hasScreen: Bool)>((nil, false))

  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGCONT]
  /// Ctrl-Z, and a terminal that has changed its size: for programs that have all of the screen.
  private static let screenSignals = [SIGTSTP, SIGWINCH]

  /// To be called before any other thread is there.
  static func block() {
    Signals.ignore([SIGPIPE])
    Signals.block(signals + screenSignals)
  }

  /// Waits for signals for ever.
  static func watch() -> Never {
    while true {
      let signal = Signals.wait(for: signals + screenSignals)
      let (handle, hasScreen) = handler.withLock(\.self)
      if screenSignals.contains(signal) && !hasScreen {
        if signal == SIGTSTP { ThisProcess.signal(SIGSTOP) }
      } else if let handle {
        handle(signal)
      } else if signal != SIGCONT {
        _exit(128 + signal)
      }
    }
  }

  /// From now on signals go to `handle`; nil: they end the program again.
  ///
  /// - Parameter hasScreen: SIGTSTP and SIGWINCH go there too; else the first stops this program, as it does others.
  static func handle(hasScreen: Bool = false, _ handle: (@Sendable (Int32) -> Void)?) {
    handler.withLock { $0 = (handle, hasScreen) }
  }
}
