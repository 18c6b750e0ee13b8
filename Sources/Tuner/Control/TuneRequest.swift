import Wire

/// The talk that ends with a station joined. A number is joined at once, a name looked up in the list first; what is refused
/// is looked up as well, for the reason. Event in, action out.
struct TuneRequest: Sendable {
  enum Step: Sendable {
    /// Nothing to do; this message was part of the talk, or of none.
    case wait
    case send(ClientMessage)
    case joined(ServerMessage.Joined)
    case failed(TunerError)
  }

  private let text: String
  private var stations: [StationSummary] = []
  /// The station that was asked for.
  private var wanted: Int?
  /// Why the server did not let us join it.
  private var refusal: ServerMessage.ErrorReply?

  /// - Parameter text: a station's number or name.
  init(_ text: String) {
    self.text = text
    wanted = Int(text).flatMap { $0 > 0 ? $0 : nil }
  }

  /// What to say first.
  var opening: ClientMessage { wanted.map { .join(.init(station: $0)) } ?? .list() }

  mutating func receive(_ message: ServerMessage) -> Step {
    switch message {
    case .stations(let page) where wanted == nil || refusal != nil:
      stations += page.stations
      guard stations.count <= StationList.most else { return .failed(.tooManyStations) }
      if page.more == true { return .wait }
      do throws(TunerError) {
        let station = try StationName.find(text, in: stations)
        if let refusal, station.number == wanted { return .failed(explain(refusal)) }
        (wanted, refusal) = (station.number, nil)
        return .send(.join(.init(station: station.number)))
      } catch {
        return .failed(error)
      }
    case .joined(let joined) where joined.station.number == wanted && refusal == nil:
      return .joined(joined)
    case .error(let error):
      let isAboutStation = error.code == .unknownStation || error.code == .notOnAir
      guard isAboutStation, wanted != nil, refusal == nil, stations.isEmpty else { return .failed(explain(error)) }
      refusal = error
      return .send(.list())
    default:
      return .wait
    }
  }

  private func explain(_ error: ServerMessage.ErrorReply) -> TunerError {
    let station = stations.first { $0.number == wanted }
    if error.code == .notOnAir, let station {
      let state = StationTable.state(of: station) ?? printable(error.message)
      return TunerError(.temporary, "\(station.number) \(printable(station.name)) is \(state).")
    }
    let status: TunerError.Status = error.code == .unknownStation ? .noStation : .unavailable
    return TunerError(status, "The server says: \(printable(error.message))")
  }
}

extension ControlConnection {
  /// Says `messages` and waits for what `take` makes of the answers, at most five seconds.
  func ask<Answer>(
    _ messages: [ClientMessage], _ take: (ServerMessage) throws(TunerError) -> Answer?
  ) async throws(TunerError) -> Answer {
    let limit = closeAfter(seconds: 5)
    for message in messages { send(message) }
    for await message in self.messages {
      if let answer = try take(message) {
        limit.cancel()
        return answer
      }
    }
    throw TunerError(
      .unavailable, "\(server) took the connection but gave no answer. Is it a stationd's control port?")
  }

  /// Joins the station that `text` names.
  func join(_ text: String) async throws(TunerError) -> ServerMessage.Joined {
    var request = TuneRequest(text)
    return try await ask([.hello(.tuner), request.opening]) { message throws(TunerError) in
      switch request.receive(message) {
      case .wait: return nil
      case .send(let message):
        self.send(message)
        return nil
      case .joined(let joined): return joined
      case .failed(let error): throw error
      }
    }
  }

  /// The site and all its stations.
  func list() async throws(TunerError) -> (site: ServerMessage.Site?, stations: [StationSummary]) {
    var site: ServerMessage.Site?
    var stations: [StationSummary] = []
    return try await ask([.hello(.tuner), .list()]) { message throws(TunerError) in
      switch message {
      case .welcome(let welcome): site = welcome.site
      case .stations(let page):
        stations += page.stations
        if stations.count > StationList.most { throw .tooManyStations }
        if page.more != true { return (site, stations) }
      case .error(let error): throw TunerError(.unavailable, "The server says: \(printable(error.message))")
      default: break
      }
      return nil
    }
  }
}

extension ControlConnection {
  /// How all stations are received, as far as receivers report.
  func receptions() async throws(TunerError) -> [ReceptionSummary] {
    var summaries: [ReceptionSummary] = []
    return try await ask([.receptions]) { message throws(TunerError) in
      guard case .receptions(let page) = message else { return nil }
      summaries += page.stations
      if summaries.count > StationList.most { throw .tooManyStations }
      return page.more == true ? nil : summaries
    }
  }
}

extension TunerError {
  fileprivate static let tooManyStations = TunerError(
    .unavailable, "The server lists more stations than there can be. Is it a stationd?")
}

extension ClientMessage.Hello {
  static var tuner: Self { Self(client: "tuner \(tunerVersion)") }
}

/// This program's version.
let tunerVersion = "0.1.0"
