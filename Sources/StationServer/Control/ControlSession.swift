import Wire

/// One client's conversation: an event in, actions out. It reads and writes nothing, and knows no clock but the one it is
/// told.
struct ControlSession {
  enum Event {
    /// A line came.
    case line(Result<ClientMessage, MessageError>)
    /// What came of ``Action/join(_:)`` and ``Action/leave``.
    case joined(JoinReply)
    case left(Int?)
    /// So long nothing was read of what the client said, as it had answers to read first.
    case heldBack(seconds: Double)
    /// Time has passed.
    case tick
    /// The server stops.
    case stopping
  }

  enum Action: Equatable {
    case send(ServerMessage)
    /// To send the list of stations, or what has changed in it since that revision.
    case list(since: Int?)
    /// To send what is on the air as twins have to know it, or that they have it.
    case eras(since: Int?)
    case join(Int)
    case leave
    /// To go on as a stream connection.
    case stream(StreamRequest)
    /// To take up what the client says of its reception.
    case report(ClientMessage.Report)
    /// To send how all stations are received.
    case receptions
    case close
  }

  struct Limits: Sendable {
    /// Seconds until a first message must have come.
    var greeting = 10.0
    /// Seconds that a client may say nothing.
    var idle = 300.0
    /// Malformed lines until the connection is closed.
    var malformed = 3
    /// Messages at once, and how many more each second.
    var burst = 40.0
    var rate = 20.0
  }

  static let server = "stationd \(Version.current)"

  private let site: ServerMessage.Site
  private let stations: Int
  private let twins: [String]?
  private let limits: Limits
  private var lastHeard: Double
  private var hasSpoken = false
  private var malformed = 0
  private var allowance: Double
  /// Messages that it may have said while it was held back: they come all at once.
  private var credit = 0.0
  private var isClosed = false
  /// What the client calls itself, as far as that is plain text.
  private(set) var client: String?

  /// `now`: seconds of a steady clock, as in ``handle(_:at:)``.
  init(
    site: Configuration.Site, stations: Int, twins: [String]? = nil, limits: Limits = Limits(), now: Double
  ) {
    self.twins = twins
    self.site = ServerMessage.Site(name: site.name, contact: site.contact)
    self.stations = stations
    self.limits = limits
    lastHeard = now
    allowance = limits.burst
  }

  /// Nothing comes out after ``Action/close``.
  mutating func handle(_ event: Event, at now: Double) -> [Action] {
    guard !isClosed else { return [] }
    switch event {
    case .line(let line): return take(line, at: now)
    case .joined(.joined(let joined)): return [.send(.joined(joined))]
    case .joined(.refused(let error)): return [.send(.error(error))]
    case .left(let station): return [.send(.left(.init(station: station)))]
    case .heldBack(let seconds):
      credit = min(credit + max(0, seconds) * limits.rate, limits.rate * limits.idle)
      return []
    case .tick:
      let limit = hasSpoken ? limits.idle : limits.greeting
      guard now - lastHeard > limit else { return [] }
      return close(.idle, "Nothing was said for \(Int(limit)) seconds.")
    case .stopping: return close(.closing, "The server is stopping.")
    }
  }

  private mutating func take(_ line: Result<ClientMessage, MessageError>, at now: Double) -> [Action] {
    allowance = min(limits.burst, allowance + max(0, now - lastHeard) * limits.rate) - 1
    lastHeard = now
    if allowance < 0, credit >= 1 { (allowance, credit) = (allowance + 1, credit - 1) }
    guard allowance >= 0 else { return close(.busy, "That is more than \(Int(limits.rate)) messages a second.") }
    switch line {
    case .failure(let error):
      malformed += 1
      let reply = Action.send(.error(.init(code: error.code, message: error.description)))
      guard malformed < limits.malformed else {
        isClosed = true
        return [reply, .close]
      }
      return [reply]
    case .success(let message):
      defer { hasSpoken = true }
      switch message {
      case .hello(let hello):
        let version = max(1, min(hello.version, protocolVersion))
        // It is shown on the operator's terminal.
        client = hello.client.map {
          String($0.filter { $0.isASCII && !$0.isNewline && $0 >= " " && $0 <= "~" }.prefix(64))
        }
        return [
          .send(
            .welcome(.init(version: version, server: Self.server, site: site, stations: stations, twins: twins)))
        ]
      case .list(let since): return [.list(since: since)]
      case .eras(let since): return [.eras(since: since)]
      case .join(let join): return [.join(join.station)]
      case .leave: return [.leave]
      case .stream(let request):
        guard hasSpoken else {
          isClosed = true
          return [.stream(request)]
        }
        return [.send(.error(.init(code: .malformed, message: "A stream begins with the first line of a connection.")))]
      case .repair, .follow, .pause, .unknown: return []
      case .report(let report): return [.report(report)]
      case .receptions: return [.receptions]
      }
    }
  }

  private mutating func close(_ code: ErrorCode, _ message: String) -> [Action] {
    isClosed = true
    return [.send(.error(.init(code: code, message: message))), .close]
  }
}

/// What a client hears that wants to receive a station.
enum JoinReply: Sendable {
  case joined(ServerMessage.Joined)
  case refused(ServerMessage.ErrorReply)
}

extension ServerMessage.ErrorReply {
  /// Why a station cannot be joined.
  static func notOnAir(_ station: StationSummary) -> Self {
    let reason = station.progress.map { "It is being prepared: \($0) % done." } ?? station.reason ?? ""
    return .init(
      code: .notOnAir, message: "Station \(station.number), \(station.name), is not on the air. \(reason)")
  }
}
