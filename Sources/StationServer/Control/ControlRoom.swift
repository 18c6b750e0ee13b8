import LinuxIO
import NIOCore
import Wire

/// The connections of one event loop, and what they share there: one timer for all their time-outs, one encoder.
///
/// All of it belongs to the event loop's thread.
final class ControlRoom {
  let board: StationBoard
  let audience: Audience
  let receptions: Receptions
  let twins: TwinBoard
  let admission: Admission
  let streams: StreamRoom
  private let site: Configuration.Site
  private let encoder = MessageEncoder<ServerMessage>()
  private var connections: [ControlConnection] = []
  private var timer: RepeatedTask?
  /// Whether only twins are answered, for what there is to tell clients is not known yet: they wait.
  private(set) var isStarting = false
  /// Until the server stops.
  private(set) var isOpen = true

  /// - Parameter streams: what stream connections share; nil: of this room alone.
  init(registry: StationRegistry, admission: Admission, streams: StreamDesk? = nil) {
    board = registry.board
    audience = registry.audience
    receptions = registry.receptions
    twins = registry.twinBoard
    site = registry.site
    self.admission = admission
    self.streams = StreamRoom(streams ?? StreamDesk(airs: registry.airs, clock: registry.clock))
  }

  /// Steady seconds.
  static var now: Double { Double(SteadyClock.now) / 1e9 }

  func begin(on loop: any EventLoop) {
    let room = NIOLoopBound(self, eventLoop: loop)
    timer = loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in room.value.tick() }
  }

  /// From now on only twins are answered.
  func letTwinsIn() { isStarting = true }

  /// Everybody is answered.
  func letAllIn() {
    guard isStarting else { return }
    isStarting = false
    // A connection may leave meanwhile.
    for connection in connections { connection.goOn() }
  }

  func newSession() -> ControlSession {
    ControlSession(site: site, stations: board.count, twins: twins.twins, now: Self.now)
  }

  /// A message's line; nil when it cannot be one.
  func line(_ message: ServerMessage) -> ByteBuffer? {
    var line = ByteBuffer()
    do { try encoder.encode(data: message, out: &line) } catch { return nil }
    return line
  }

  /// Takes a connection in, and tells it its place.
  func enter(_ connection: ControlConnection) -> Int {
    connections.append(connection)
    return connections.count - 1
  }

  /// The last connection takes the place of the one that leaves.
  func leave(_ place: Int) {
    guard let last = connections.popLast(), place < connections.count else { return }
    connections[place] = last
    last.place = place
  }

  /// Passes news on to those who receive the stations.
  func tell(_ news: StationBoard.News) {
    for connection in connections { connection.hear(news) }
  }

  /// Time has passed: steady seconds.
  func tick(at now: Double = ControlRoom.now) {
    for connection in connections { connection.tick(at: now) }
    streams.tick(at: now)
    var totals: [Int: ReceptionTotals] = [:]
    for connection in connections {
      guard let report = connection.report, report.isFresh(at: now) else { continue }
      totals[report.station, default: ReceptionTotals()].add(report)
    }
    receptions.note(totals, from: ObjectIdentifier(self))
  }

  /// How everybody here receives, for the operator.
  var receivers: [ReceiverStatus] {
    let now = Self.now
    return connections.compactMap { $0.receiver(at: now) }
  }

  /// Says goodbye to all.
  func stop() {
    isOpen = false
    timer?.cancel()
    for connection in connections { connection.stop() }
    streams.close()
  }

  /// Hangs up on those who are still there.
  func close() {
    for connection in connections { connection.hangUp() }
  }
}
