import LinuxIO
import Synchronization
import TransportStream

/// The air's time as the parent sees it: the transmitter's clock as far as it is known, the system's until then.
final class AirTime: Sendable {
  private let known: Mutex<Int64?>
  private let steady: @Sendable () -> Int64

  /// - Parameters:
  ///   - offset: UTC minus steady time, nanoseconds; nil takes it from the system clock.
  ///   - steady: steady time in nanoseconds; tests give one of their own.
  init(offset: Int64? = nil, steady: @escaping @Sendable () -> Int64 = { SteadyClock.now }) {
    known = Mutex(offset)
    self.steady = steady
  }

  var now: Ticks { Ticks(nanoseconds: steady() + offset) }

  /// UTC minus steady time, nanoseconds: the transmitter's once it is known.
  var offset: Int64 { known.withLock(\.self) ?? AirClock().offset }

  /// How far it may be from UTC, in seconds; nil when nothing keeps the system's clock.
  var error: Double? {
    guard let error = WallClock.error else { return nil }
    return Double(error + abs(WallClock.now - SteadyClock.now - offset)) / 1e9
  }

  /// Steady nanoseconds, for waiting rather than for dates.
  var steadyNow: Int64 { steady() }

  /// What the transmitter last said its clock's offset is; nil until it said so.
  var transmitterOffset: Int64? {
    get { known.withLock(\.self) }
    set { known.withLock { $0 = newValue } }
  }
}
