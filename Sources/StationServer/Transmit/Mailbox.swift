import LinuxIO
import Playout
import Synchronization
import TransportStream

/// A change of the air, made ready by whoever wants it.
struct AirOrder: ~Copyable, Sendable {
  /// What is on the air from now on.
  var roster: AirRoster<Station>
  /// The socket to send it with; nil keeps the one in use, which the first order must bring.
  var sender: MulticastSender?
}

/// How orders reach the sending thread without ever making it wait: it only tries the lock, and whoever holds the lock
/// holds it for an assignment. What an order replaces goes back the same way, so that its memory is not freed there.
final class Mailbox: Sendable {
  private enum Letter: ~Copyable {
    case none
    case order(AirOrder)
    case replaced(AirOrder)
  }

  private let letter = Mutex<Letter>(.none)
  /// UTC minus steady time as the sending thread has it, nanoseconds.
  let clockOffset = Atomic<Int64>(0)
  /// Nothing dated at or after this is sent: ticks.
  let end = Atomic<Int64>(.max)

  /// Hands an order to the sending thread and waits until it has been carried out, a few milliseconds.
  func carryOut(_ order: consuming AirOrder) {
    letter.withLock { letter in letter = .order(order) }
    while !collectReplaced() { SteadyClock.sleep(until: SteadyClock.now + 500_000) }
  }

  /// Frees what the last order replaced; false when the order still waits.
  private func collectReplaced() -> Bool {
    var taken = Letter.none
    let isDone = letter.withLock { letter in
      if case .order = letter { return false }
      swap(&taken, &letter)
      return true
    }
    return isDone
  }

  /// For the sending thread: lets `body` exchange what is in use for what a waiting order brings, if there is one and
  /// nobody has the lock just now.
  func exchange(_ body: (inout AirOrder) -> Void) {
    _ = letter.withLockIfAvailable { letter in
      switch consume letter {
      case .order(var order):
        body(&order)
        letter = .replaced(order)
      case .none: letter = .none
      case .replaced(let old): letter = .replaced(old)
      }
    }
  }
}
