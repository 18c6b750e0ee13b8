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

  private static let leastPause = Duration.milliseconds(500)
  private static let longestPause = Duration.seconds(15)
  /// A connection that has stood for so long was a good one.
  private static let proof = Duration.seconds(5)

  /// Listens and reconnects until it is cancelled or ended. A good connection is made anew at once. Before other attempts it waits
  /// half a second, then twice as long each time, at most 15 seconds: also where connections are taken and end at once, for a
  /// server that is full does just that.
  func run(_ emit: @Sendable (Event) -> Void) async {
    var pause = Self.leastPause
    while !Task.isCancelled, !isOver.withLock(\.self) {
      if let connection = current.withLock(\.self) {
        let began = ContinuousClock.now
        for await message in connection.messages { emit(.message(message)) }
        connection.close()
        current.withLock { $0 = nil }
        emit(.lost)
        if ContinuousClock.now - began >= Self.proof { pause = Self.leastPause } else { await rest(&pause) }
      } else if let connection = try? await ControlConnection(server, within: reach) {
        current.withLock { $0 = connection }
        emit(.connected)
      } else {
        await rest(&pause)
      }
    }
    current.withLock { $0.take() }?.close()
  }

  private func rest(_ pause: inout Duration) async {
    guard !isOver.withLock(\.self) else { return }
    try? await Task.sleep(for: pause)
    pause = min(pause * 2, Self.longestPause)
  }
}
