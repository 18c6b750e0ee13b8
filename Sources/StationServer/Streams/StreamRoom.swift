import NIOCore

/// The stream connections of one event loop. All of it belongs to the event loop's thread.
final class StreamRoom {
  let desk: StreamDesk
  private var connections: [StreamConnection] = []
  private var pulse: RepeatedTask?

  /// How often those are looked at who have been sent all that was due.
  static let period = TimeAmount.milliseconds(5)

  init(_ desk: StreamDesk) { self.desk = desk }

  /// How many there are.
  var count: Int { connections.count }

  /// Takes a connection in, and tells it its place.
  func enter(_ connection: StreamConnection) -> Int {
    connections.append(connection)
    return connections.count - 1
  }

  /// The last connection takes the place of the one that leaves.
  func leave(_ place: Int) {
    guard let last = connections.popLast(), place < connections.count else { return }
    connections[place] = last
    last.place = place
  }

  func begin(on loop: any EventLoop) {
    let room = NIOLoopBound(self, eventLoop: loop)
    pulse = loop.scheduleRepeatedTask(initialDelay: Self.period, delay: Self.period) { _ in room.value.beat() }
  }

  private func beat() {
    for connection in connections where connection.isAtEdge { connection.serve() }
  }

  /// A second has passed. Steady seconds.
  func tick(at now: Double) {
    for connection in connections { connection.tick(at: now) }
  }

  /// Hangs up on all.
  func close() {
    pulse?.cancel()
    for connection in connections { connection.hangUp() }
  }
}
