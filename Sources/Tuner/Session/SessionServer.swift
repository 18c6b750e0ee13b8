import LinuxIO
import Reception
import Wire

/// One of the servers of a session, as far as the session's station goes.
struct SessionServer {
  let link: ControlLink
  /// Whether it counts us among the station's receivers.
  var isJoined = false

  /// Whether it had the station, and has gone away since while another one went on.
  var isMissed = false
  /// Whether it is not another one of the session by another name.
  private(set) var isOwn = true

  /// The interface that was asked for; nil for the one that leads to the server.
  private let chosen: NetworkInterface?
  private var pace = ReportPace()
  private var lastJoin = SteadyClock.now
  /// How long an answer is waited for before the station is asked for again, in nanoseconds.
  private static let patience: Int64 = 5_000_000_000

  init(link: ControlLink, interface: NetworkInterface?) {
    self.link = link
    chosen = interface
  }

  /// Its answer has come.
  mutating func take(_: ServerMessage.Joined) { isJoined = true }

  mutating func join(_ station: Int) {
    lastJoin = SteadyClock.now
    link.send(.join(.init(station: station)))
  }

  /// A new connection: nothing holds any more that was said on the last.
  ///
  /// - Parameter isKnown: whether it leads to the same server as that of another one.
  mutating func connected(_ station: Int, isKnown: Bool = false) {
    pace = ReportPace()
    isOwn = !isKnown
    guard isOwn else { return link.end() }
    link.send(.hello(.tuner))
    join(station)
  }

  /// Where its connection leads, as address and port; nil while there is none.
  var end: String? { link.ends?.remote.map { "\($0) \(link.server.port)" } }

  /// As others are told of it.
  var standing: SessionStatus.Server {
    .init(server: link.server.description, isConnected: link.isConnected, isSending: isJoined && link.isConnected)
  }

  /// It wants a report every so many seconds.
  mutating func report(every seconds: Int) { pace.set(seconds) }

  /// Tells it how reception goes, when it is time.
  mutating func report(_ report: @autoclosure () -> ClientMessage.Report, now: Int64) {
    guard isJoined, link.isConnected, pace.isDue(at: now) else { return }
    link.send(.report(report()))
  }

  /// Asks again where no answer has come.
  mutating func tick(_ station: Int, now: Int64) {
    if isOwn, !isJoined, link.isConnected, now - lastJoin > Self.patience { join(station) }
  }

  /// As many servers are listened to at once.
  static let most = 6

  /// What the receiver must know of a station that this server has.
  func tuning(_ joined: ServerMessage.Joined, _ choices: TuningSession.Choices) -> Tuning {
    let ends = link.ends
    let interface = chosen ?? ends?.local.flatMap { try? NetworkInterface($0) }
    let server = ends?.remote.map { StreamServer(address: $0, port: link.server.port) }
    var tuning = Tuning(joined, interface: interface, server: server)
    tuning.latency = choices.latency
    tuning.makeUp = choices.makeUp
    tuning.start = choices.start
    if choices.output.isPlayer { tuning.keepBehind(choices.latency) }
    return tuning
  }
}

extension [SessionServer] {
  /// A server has a new connection; it may be one that is there by another name as well.
  mutating func connected(_ server: Int, station: Int) {
    let end = self[server].end
    let isKnown = indices.contains { $0 != server && self[$0].isOwn && self[$0].end == end }
    self[server].connected(station, isKnown: end != nil && isKnown)
  }

  /// As others are told of them; nil where there is only one. One by two names is one.
  var standings: [SessionStatus.Server]? {
    let own = filter(\.isOwn)
    return own.count > 1 ? own.map(\.standing) : nil
  }

  /// What a server calls its twins has the same stations: they are asked as well, unless the viewer wants none or they are
  /// nearer to him, or further away, than the server. This machine's own may name any.
  ///
  /// - Parameter server: the one that names them.
  /// - Returns: the links to those that were not there yet, with their numbers.
  mutating func meet(
    _ twins: [String], of server: Int, _ choices: TuningSession.Choices
  ) -> [(Int, ControlLink)] {
    guard choices.takesTwins, let distance = self[server].link.distance else { return [] }
    let reach = distance == .machine ? nil : distance
    var links: [(Int, ControlLink)] = []
    for twin in twins.compactMap(ServerAddress.init(_:)) where count < SessionServer.most {
      guard !contains(where: { $0.link.server == twin }) else { continue }
      let link = ControlLink(twin, within: reach)
      links.append((count, link))
      append(SessionServer(link: link, interface: choices.interface))
    }
    return links
  }
}
