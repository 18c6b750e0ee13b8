/// Which of several servers that start at the same moment puts its stations on the air first; the others begin with its eras.
/// Pure.
///
/// Each lets its twins in before it asks them, so at least one of two finds the other. The first is the one that remembers the
/// latest change, for it was on the air last; of equals, the one that began first.
struct TwinMeeting {
  private enum Standing {
    /// It has not answered yet.
    case unknown
    /// Nobody is there, or it follows nobody.
    case gone
    /// It has put nothing on the air yet; whether it goes before this server, and whether it knows of it.
    case starting(isFirst: Bool, knowsThis: Bool)
    case onAir
  }

  /// What this server tells its twins meanwhile.
  private(set) var own: AirAccount
  private var standings: [Configuration.TwinAddress: Standing]

  /// - Parameter own: of a server that is starting.
  init(_ own: AirAccount, twins: [Configuration.TwinAddress]) {
    self.own = own
    standings = Dictionary(twins.map { ($0, .unknown) }, uniquingKeysWith: { first, _ in first })
  }

  /// A twin has said how it is.
  mutating func heard(_ account: AirAccount, from twin: Configuration.TwinAddress) {
    guard account.id != own.id else { return lost(twin) }
    guard let starting = account.starting else {
      standings[twin] = .onAir
      return
    }
    if own.starting?.met.contains(account.id) == false { own.starting?.met.append(account.id) }
    standings[twin] = .starting(
      isFirst: Self.order(account) < Self.order(own), knowsThis: starting.met.contains(own.id))
  }

  /// A twin does not answer.
  mutating func lost(_ twin: Configuration.TwinAddress) { standings[twin] = .gone }

  /// Whether this server's turn has come.
  var mayBegin: Bool {
    standings.values.allSatisfy { standing in
      switch standing {
      case .unknown: false
      case .gone, .onAir: true
      // One that does not know of this server might begin without waiting for it.
      case .starting(let isFirst, let knowsThis): !isFirst && knowsThis
      }
    }
  }

  private static func order(_ account: AirAccount) -> (Int64, Int64, Int64) {
    (-(account.starting?.latest ?? 0), account.began, account.id)
  }
}
