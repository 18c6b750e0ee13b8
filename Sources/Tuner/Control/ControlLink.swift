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
  /// Where the server may be, whatever its name says; nil for anywhere.
  private let reach: AddressReach?
  private let current: Mutex<ControlConnection?>
  private let isOver = Mutex(false)

  /// - Parameters:
  ///   - reach: where the server may be, whatever its name says; nil for anywhere.
  ///   - first: a connection that stands, if there is one yet.
  init(_ server: ServerAddress, within reach: AddressReach? = nil, first: ControlConnection? = nil) {
    self.server = server
    self.reach = reach
    current = Mutex(first)
  }

  var isConnected: Bool { current.withLock { $0 != nil } }

  /// The addresses of both ends, as text; nil while there is no connection.
  var ends: (local: String?, remote: String?)? {
    current.withLock(\.self).map { ($0.localAddress, $0.remoteAddress) }
  }

  /// How far away the server is; nil while there is no connection.
  var distance: AddressReach? { current.withLock(\.self).flatMap(\.reach) }

  /// Ends the connection for good.
  func end() {
    isOver.withLock { $0 = true }
    current.withLock(\.self)?.close()
  }

  /// Sends a message; false while there is no connection.
  @discardableResult
  func send(_ message: ClientMessage) -> Bool {
    guard let connection = current.withLock(\.self) else { return false }
    connection.send(message)
    return true
  }

  /// Listens and reconnects until it is cancelled or ended. Waits half a second before the second attempt, twice as long before
  /// each one after, at most 15 seconds.
  func run(_ emit: @Sendable (Event) -> Void) async {
    while !Task.isCancelled, !isOver.withLock(\.self) {
      if let connection = current.withLock(\.self) {
        for await message in connection.messages { emit(.message(message)) }
        connection.close()
        current.withLock { $0 = nil }
        emit(.lost)
      }
      var pause = Duration.milliseconds(500)
      while !Task.isCancelled, !isConnected, !isOver.withLock(\.self) {
        if let connection = try? await ControlConnection(server, within: reach) {
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
