import LinuxIO
import Synchronization
import TransportStream

/// The air's time, as a live recorder knows it: the machine's steady clock plus what stationd says of UTC.
final class LiveClock: Sendable {
  private let offset: Atomic<Int64>
  private let steady: @Sendable () -> Int64

  /// - Parameters:
  ///   - offset: UTC minus the steady clock, nanoseconds.
  ///   - steady: the steady clock, nanoseconds; the machine's own but in tests.
  init(offset: Int64, steady: @escaping @Sendable () -> Int64 = { SteadyClock.now }) {
    self.offset = Atomic(offset)
    self.steady = steady
  }

  /// Nanoseconds of the steady clock.
  var now: Int64 { steady() }

  func set(offset: Int64) { self.offset.store(offset, ordering: .relaxed) }

  /// A steady date (nanoseconds) in the air's time: ticks since the Unix epoch.
  func air(_ steady: Int64) -> Ticks { Ticks(nanoseconds: steady &+ offset.load(ordering: .relaxed)) }

  /// The steady date (nanoseconds) of a date on the air.
  func steady(_ air: Ticks) -> Int64 { air.nanoseconds &- offset.load(ordering: .relaxed) }
}
