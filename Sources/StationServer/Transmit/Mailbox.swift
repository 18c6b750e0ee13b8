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

/// How orders reach a sending thread without ever making it wait: it only tries the lock, and whoever holds the lock
/// holds it for an assignment. What an order replaces goes back the same way, so that its memory is not freed there.
final class Mailbox: Sendable {
  private struct Letter: ~Copyable {
    /// An order, or what the last order replaced.
    var content: AirOrder?
    var isOrder = false
  }

  private let letter = Mutex(Letter())
  /// Hands an order to the sending thread, which carries it out within a few milliseconds.
  func post(_ order: consuming AirOrder) {
    var content = Optional(order)
    letter.withLock { letter in
      swap(&letter.content, &content)
      letter.isOrder = true
    }
  }

  /// Waits until the order posted last has been carried out.
  func waitUntilTaken() {
    while !collectReplaced() { SteadyClock.sleep(until: SteadyClock.now + 500_000) }
  }

  /// Frees what the last order replaced; false when the order still waits.
  private func collectReplaced() -> Bool {
    var replaced: AirOrder?
    return letter.withLock { letter in
      if !letter.isOrder { swap(&letter.content, &replaced) }
      return !letter.isOrder
    }
  }

  /// For the sending thread: lets `body` exchange what is in use for what a waiting order brings, if there is one and
  /// nobody has the lock just now.
  func exchange(_ body: (inout AirOrder) -> Void) {
    _ = letter.withLockIfAvailable { letter in
      guard letter.isOrder, var order = letter.content.take() else { return }
      body(&order)
      letter.content = consume order
      letter.isOrder = false
    }
  }
}
