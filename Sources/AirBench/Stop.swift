import Glibc
import LinuxIO

/// Ended before its time, by a signal.
struct Stopped: Error, CustomStringConvertible {
  let signal: Int32

  var description: String { "stopped by signal \(signal)" }
}

/// Where the bench waits, so that Ctrl-C ends it there: with an error, on whose way out everything started is ended.
final class Stop {
  private let signals: CaughtSignals

  init() throws { signals = try CaughtSignals([SIGINT, SIGTERM, SIGHUP]) }

  /// Sleeps. Throws `Stopped` when a signal asks for the end.
  func sleep(seconds: Double) throws { try sleep(until: SteadyClock.now + Int64(seconds * 1e9)) }

  /// Sleeps until a steady date, nanoseconds.
  func sleep(until date: Int64) throws {
    repeat {
      let left = max(0, date - SteadyClock.now)
      if let signal = try signals.wait(timeoutMilliseconds: Int((left + 999_999) / 1_000_000)) {
        throw Stopped(signal: signal)
      }
    } while SteadyClock.now < date
  }

  /// Throws `Stopped` if a signal has come.
  func check() throws { try sleep(until: 0) }
}
