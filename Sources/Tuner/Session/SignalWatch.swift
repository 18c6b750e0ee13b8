import Glibc
import LinuxIO
import Synchronization

/// The signals that end a program, as events for whoever is in charge; before anybody is, they just end it.
enum SignalWatch {
  private static let handler = Mutex<(handle: (@Sendable (Int32) -> Void)?, hasTerminal: Bool)>((nil, false))

  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGCONT]
  /// Ctrl-Z, and a terminal that has changed its size: for programs that have changed how it works.
  private static let terminalSignals = [SIGTSTP, SIGWINCH]

  /// To be called before any other thread is there.
  static func block() {
    Signals.ignore([SIGPIPE])
    Signals.block(signals + terminalSignals + [SIGTTIN])
  }

  /// Waits for signals for ever.
  static func watch() -> Never {
    while true {
      let signal = Signals.wait(for: signals + terminalSignals)
      let (handle, hasTerminal) = handler.withLock(\.self)
      if terminalSignals.contains(signal) && !hasTerminal {
        if signal == SIGTSTP { Signals.stopHere() }
      } else if let handle {
        handle(signal)
      } else if signal != SIGCONT {
        _exit(128 + signal)
      }
    }
  }

  /// From now on signals go to `handle`; nil: they end the program again.
  ///
  /// - Parameter hasTerminal: SIGTSTP and SIGWINCH go there too; else the first stops this program, as it does others.
  static func handle(hasTerminal: Bool = false, _ handle: (@Sendable (Int32) -> Void)?) {
    handler.withLock { $0 = (handle, hasTerminal) }
  }
}
