import Wire

/// What `stationd status` tells the operator.
struct StationdStatus: Codable, Sendable {
  /// One station: how it leaves, and how it arrives.
  struct Station: Codable, Sendable {
    var number: Int
    var name: String
    var state: StationState
    var reason: String?
    var group: String
    var port: Int
    /// How many connections have joined it.
    var receivers: Int
    /// As the transmitter sends it; nil while it does not.
    var air: TransmitFigures.Station?
    /// As receivers report; nil when none does.
    var reception: ReceptionSummary?
  }

  var version: String
  var site: String
  /// The configuration file.
  var configuration: String
  var pid: Int32
  /// Since it started.
  var seconds: Double
  /// The control port's address.
  var control: String
  /// Control and stream connections, and how many there may be.
  var connections: Int
  var connectionLimit: Int
  /// Those of them that are stream connections.
  var streams: StreamFigures
  /// The process on the air; nil while none answers.
  var transmitter: TransmitFigures.Process?
  var stations: [Station]
  /// How many connections receive a station.
  var receiverCount: Int
  /// How each of them receives, the worst first.
  var receivers: [ReceiverStatus]

  /// More are not listed: the worst are.
  static let mostReceivers = 5_000
}

/// One receiver, as it reports.
struct ReceiverStatus: Codable, Sendable {
  /// The number of the station it receives.
  var station: Int
  /// Its end of the control connection.
  var address: String
  /// What it calls itself.
  var client: String?
  /// Seconds since its last report; nil when there is none: then all below is zero or nil.
  var age: Double?
  /// Datagrams since it joined, and those that were missing at its player.
  var received: UInt64
  var lost: UInt64
  /// Bit/s of transport stream.
  var bitrate: Int
  /// nil from a client that does not say.
  var quality: Quality?
  /// Percent of the datagrams since the report before that were missing, and that had to be repaired.
  var recentlyLost: Double
  var recentlyRepaired: Double

  /// - Parameter now: steady seconds.
  init(station: Int, address: String, client: String?, report: ReceiverReport?, at now: Double) {
    self.station = station
    self.address = address
    self.client = client
    age = report.map { ((now - $0.date) * 10).rounded() / 10 }
    received = report?.received ?? 0
    lost = report?.lost ?? 0
    bitrate = report?.bitrate ?? 0
    quality = report?.quality
    let recent = report?.recent ?? (received: 0, repaired: 0, lost: 0)
    let all = Double(max(1, recent.received + recent.lost))
    recentlyLost = (Double(recent.lost) / all * 10_000).rounded() / 100
    recentlyRepaired = (Double(recent.repaired) / all * 10_000).rounded() / 100
  }

  /// Whether this one has more to complain of.
  func isWorse(than other: ReceiverStatus) -> Bool {
    let (mine, its) = ((recentlyLost, recentlyRepaired, lost), (other.recentlyLost, other.recentlyRepaired, other.lost))
    return mine != its ? mine > its : quality?.jitter ?? 0 > other.quality?.jitter ?? 0
  }
}
