import FoundationEssentials
import Glibc
import LinuxIO
import Synchronization
import Tape
import TransportStream

/// What stationd says on standard input, as it comes.
final class LiveOrders: Sendable {
  private struct State {
    var leave: Ticks?
    var yields = false
    /// When standard input ended: steady nanoseconds.
    var orphanedAt: Int64?
    var standsBy = true
  }

  private let state = Mutex(State())
  private let clock: LiveClock
  private let wake: WakeUp

  init(clock: LiveClock, wake: WakeUp) {
    self.clock = clock
    self.wake = wake
  }

  /// Nothing is to be dated at or after this.
  var leave: Ticks? { state.withLock { $0.leave } }
  /// Whoever stands by is to have the ring.
  var yields: Bool { state.withLock { $0.yields } }
  /// When stationd went away, on the steady clock; nil while it is there.
  var orphanedAt: Int64? { state.withLock { $0.orphanedAt } }

  /// From now on the ring is written, and it is not over when stationd is.
  func goOnDuty() { state.withLock { $0.standsBy = false } }

  /// Reads standard input, on a thread of its own.
  func listen() {
    _ = try? RealTimeThread.detach(name: "orders") {
      while let line = readLine() { self.take(line) }
      self.end()
    }
  }

  /// Reads standard input as far as the order that names the source; nil when there is none. To be called before
  /// ``listen()``.
  func source() -> LiveSource? {
    while let line = readLine() {
      if let source = take(line)?.source { return source }
    }
    return nil
  }

  /// Takes one line.
  @discardableResult
  func take(_ line: String) -> LiveOrder? {
    guard let order = try? JSONDecoder().decode(LiveOrder.self, from: Data(line.utf8)) else { return nil }
    if let offset = order.clockOffset { clock.set(offset: offset) }
    state.withLock { state in
      if let leave = order.leave { state.leave = Ticks(leave) }
      if order.yield == true { state.yields = true }
    }
    if order.yield == true { endIfStandingBy() }
    wake.ring()
    return order
  }

  /// Standard input has ended: whoever only stands by is no use without stationd.
  func end() {
    let now = clock.now
    state.withLock { $0.orphanedAt = now }
    endIfStandingBy()
    wake.ring()
  }

  private func endIfStandingBy() { if state.withLock({ $0.standsBy }) { ProcessLimits.exitNow(0) } }
}
