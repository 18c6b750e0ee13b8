import Glibc
import LinuxIO
import Synchronization

/// The signals that end a program, as events for whoever is in charge; before anybody is, they just end it.
enum SignalWatch {
  private static let handler = Mutex<(@Sendable (Int32) -> Void)?>(nil)

  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGCONT]

  /// To be called before any other thread is there.
  static func block() {
    Signals.ignore([SIGPIPE])
    Signals.block(signals)
  }

  /// Waits for signals for ever.
  static func watch() -> Never {
    while true {
      let signal = Signals.wait(for: signals)
      if let handle = handler.withLock(\.self) {
        handle(signal)
      } else if signal != SIGCONT {
        _exit(128 + signal)
      }
    }
  }

  /// From now on signals go to `handle`; nil: they end the program again.
  static func handle(_ handle: (@Sendable (Int32) -> Void)?) {
    handler.withLock { $0 = handle }
  }
}
