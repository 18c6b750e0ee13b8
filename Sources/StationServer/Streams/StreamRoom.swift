import NIOCore
import TransportStream

/// The stream connections of one event loop. All of it belongs to the event loop's thread.
final class StreamRoom {
  /// Where connections stand that have been sent all that was due, or all that is in memory.
  struct Place: Hashable {
    var station: Int
    /// Which station of this number it is.
    var born: Int
    var next: Int64
    /// Of its marks, not its datagrams.
    var isMarks = false
  }

  let desk: StreamDesk
  private var connections: [StreamConnection] = []
  private var pulse: RepeatedTask?
  /// Whose turn it is to be looked at first.
  private var first = 0
  /// Whose turn it is of those that wait for a disk.
  private var looks = 0
  /// Who is being opened, and who waits for that.
  var openings = OpeningQueue<StreamConnection>(most: mostOpenings)

  /// How often those are looked at that wait for what is due next, for a disk, or for their share.
  static let period = TimeAmount.milliseconds(5)
  /// At so many places it is looked at one beat whether the disk has brought what is wanted there: with 500 clients at as
  /// many places, each is looked at every 160 ms.
  static let mostLooks = 16
  /// A tape's index may have to be waited for: so many of the threads that may wait do so for one station.
  static let mostOpenings = 2

  init(_ desk: StreamDesk) { self.desk = desk }

  /// Takes a connection in, and tells it its place.
  func enter(_ connection: StreamConnection, on loop: any EventLoop) -> Int {
    connections.append(connection)
    if pulse == nil {
      let room = NIOLoopBound(self, eventLoop: loop)
      pulse = loop.scheduleRepeatedTask(initialDelay: Self.period, delay: Self.period) { _ in room.value.beat(loop) }
    }
    return connections.count - 1
  }

  /// The last connection takes the place of the one that leaves.
  func leave(_ place: Int) {
    guard let last = connections.popLast() else { return }
    if connections.isEmpty {
      pulse?.cancel()
      pulse = nil
    }
    guard place < connections.count else { return }
    connections[place] = last
    last.index = place
  }

  /// Opens a stream when it is its turn; ``opened(_:)`` must follow where it begins to be, or ``abandon(_:)`` before that.
  func open(_ connection: StreamConnection) {
    let station = connection.request.station
    if openings.enter(connection, of: station), !connection.open() { opened(station) }
  }

  /// One of a station's streams is open, or will not be.
  func opened(_ station: Int) {
    // Any number of those who come next may have nothing to be opened.
    while let next = openings.next(of: station) {
      if next.open() { return }
    }
  }

  /// A connection that has ended does not wait any more.
  func abandon(_ connection: StreamConnection) { openings.leave(connection, of: connection.request.station) }

  /// Those that have had all that was due are sent what is due now: whoever stands at the same place, the same bytes.
  private func beat(_ loop: any EventLoop) {
    let now = desk.now
    var edges: [Place: [StreamConnection]] = [:]
    first = connections.isEmpty ? 0 : (first + 1) % connections.count
    for connection in connections[first...] + connections[..<first] {
      if let edge = connection.markEdge(at: now) { edges[edge, default: []].append(connection) }
      if let edge = connection.edge(at: now) {
        edges[edge, default: []].append(connection)
      } else {
        connection.serve()
      }
    }
    for (edge, members) in edges { send(edge, to: members, loop) }
    var cold = PlacesInTurn<Place, StreamConnection>()
    for connection in connections {
      if let place = connection.coldMarks { cold.add(connection, at: place) }
      if let place = connection.coldPlace { cold.add(connection, at: place) }
    }
    guard !cold.isEmpty, desk.budget.hasRoom(at: ControlRoom.now) else { return }
    for (place, members) in cold.next(Self.mostLooks, after: &looks) { send(place, to: members, loop) }
  }

  private func send(_ edge: Place, to members: [StreamConnection], _ loop: any EventLoop) {
    guard let air = desk.airs.air(edge.station), air.born == edge.born else {
      // Theirs is there no more.
      for member in members { member.hangUp() }
      return
    }
    let (desk, group) = (desk, NIOLoopBound(members, eventLoop: loop))
    if edge.isMarks {
      for member in members { member.takeMarks() }
      return desk.work(on: loop) {
        MarkFill.marks(air, from: edge.next, now: desk.now)
      } then: { frames in
        for member in group.value { member.sendMarks(frames) }
      }
    }
    let turns = members.map { $0.take() }
    desk.work(on: loop) {
      FrameFill.follow(air, from: edge.next, now: desk.now)
    } then: { frames in
      for (member, turn) in zip(group.value, turns) { member.send(frames, turn: turn) }
    }
  }

  /// A second has passed. Steady seconds.
  func tick(at now: Double) {
    for connection in connections { connection.tick(at: now) }
  }

  /// Hangs up on all.
  func close() {
    for connection in connections { connection.hangUp() }
  }
}
