import Synchronization
import Wire

/// A control connection that is made again, quietly, whenever it ends: the air does not need it, and neither does a
/// receiver that has found its station.
final class ControlLink: Sendable {
  enum Event: Sendable {
    /// A new connection stands; nothing has been said on it yet.
    case connected
    case message(ServerMessage)
    case lost
  }

  let server: ServerAddress
  private let current: Mutex<ControlConnection?>

  /// - Parameter first: a connection that stands, if there is one yet.
  init(_ server: ServerAddress, first: ControlConnection? = nil) {
    self.server = server
    current = Mutex(first)
  }

  var isConnected: Bool { current.withLock { $0 != nil } }

  /// The addresses of both ends, as text; nil while there is no connection.
  var ends: (local: String?, remote: String?)? {
    current.withLock(\.self).map { ($0.localAddress, $0.remoteAddress) }
  }

  /// Sends a message; false while there is no connection.
  @discardableResult
  func send(_ message: ClientMessage) -> Bool {
    guard let connection = current.withLock(\.self) else { return false }
    connection.send(message)
    return true
  }

  /// Listens and reconnects until it is cancelled. Waits half a second before the second attempt, twice as long before
  /// each one after, at most 15 seconds.
  func run(_ emit: @Sendable (Event) -> Void) async {
    while !Task.isCancelled {
      if let connection = current.withLock(\.self) {
        for await message in connection.messages { emit(.message(message)) }
        connection.close()
        current.withLock { $0 = nil }
        emit(.lost)
      }
      var pause = Duration.milliseconds(500)
      while !Task.isCancelled, !isConnected {
        if let connection = try? await ControlConnection(server) {
          current.withLock { $0 = connection }
          emit(.connected)
        } else {
          try? await Task.sleep(for: pause)
          pause = min(pause * 2, .seconds(15))
        }
      }
    }
    current.withLock { $0.take() }?.close()
  }
}
