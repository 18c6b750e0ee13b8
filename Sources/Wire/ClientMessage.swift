/// What a client says to the server: one JSON object a line, its kind in the field `type`.
package enum ClientMessage: Hashable, Sendable {
  /// Who is calling. Optional; the answer is `welcome`.
  case hello(Hello)
  /// Asks for every station, or with `since`, the revision of a list that the client has, for those that have changed;
  /// the answer is `stations`.
  case list(since: Int? = nil)
  /// Wants to receive a station; the answer is `joined`. A connection receives one station at a time: joining
  /// another one leaves the former.
  case join(Join)
  /// Receives nothing any more; the answer is `left`.
  case leave
  /// How reception goes, once a second. Its only answer is `reporting`, when the server wants reports at another pace.
  case report(Report)
  /// Asks how all stations are received, by what their receivers report; the answer is `receptions`.
  case receptions
  /// Makes this connection one that carries datagrams; the answer is `stream`. For the first line of a connection.
  case stream(StreamRequest)
  /// On a stream connection: single datagrams again.
  case repair(RepairRequest)
  /// On a stream connection: all datagrams from one on.
  case follow(FollowRequest)
  /// On a stream connection: nothing but repairs any more.
  case pause
  /// Asks what the server has on the air, as its twins have to know it: with `since`, the revision that the asker has,
  /// only if it is another one now; the answer is `eras`. Between servers.
  case eras(since: Int? = nil)
  /// A type that this version does not know: to be ignored.
  case unknown(type: String)

  /// What `hello` says.
  package struct Hello: Codable, Hashable, Sendable {
    /// The newest protocol version the client speaks.
    package var version: Int
    /// The client's name and version, for the server's log.
    package var client: String?

    package init(version: Int = protocolVersion, client: String? = nil) {
      self.version = version
      self.client = client
    }
  }

  /// What `join` says.
  package struct Join: Codable, Hashable, Sendable {
    /// The station's number.
    package var station: Int

    package init(station: Int) { self.station = station }
  }

  /// What `report` says.
  package struct Report: Codable, Hashable, Sendable {
    /// The station's number.
    package var station: Int
    /// Datagrams received since the join, duplicates not counted.
    package var received: UInt64
    /// Datagrams that were missing at the player, since the join. Without RTP and a server that
    /// tells marks, as many as continuity counters show at the least.
    package var lost: UInt64
    /// The transport stream's rate since the last report, in bit/s.
    package var bitrate: Int
    /// What else there is to tell; nil from a client that does not.
    package var quality: Quality?

    package init(station: Int, received: UInt64, lost: UInt64, bitrate: Int, quality: Quality? = nil) {
      self.station = station
      self.received = received
      self.lost = lost
      self.bitrate = bitrate
      self.quality = quality
    }
  }
}

/// The version of the control protocol that this program speaks.
package let protocolVersion = 1

/// The TCP port of the control server unless something else is configured.
package let defaultControlPort = 9966

/// The field that every message has.
enum TypeKey: String, CodingKey {
  case type
}

/// What `list` and `eras` say.
private struct ListRequest: Codable {
  var since: Int?
}

extension ClientMessage: Codable {
  package init(from decoder: any Decoder) throws {
    let type = try decoder.container(keyedBy: TypeKey.self).decode(String.self, forKey: .type)
    switch type {
    case "hello": self = .hello(try Hello(from: decoder))
    case "list": self = .list(since: try ListRequest(from: decoder).since)
    case "join": self = .join(try Join(from: decoder))
    case "leave": self = .leave
    case "report": self = .report(try Report(from: decoder))
    case "receptions": self = .receptions
    case "stream": self = .stream(try StreamRequest(from: decoder))
    case "repair": self = .repair(try RepairRequest(from: decoder))
    case "follow": self = .follow(try FollowRequest(from: decoder))
    case "pause": self = .pause
    case "eras": self = .eras(since: try ListRequest(from: decoder).since)
    default: self = .unknown(type: type)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    let (type, body): (String, (any Encodable)?) =
      switch self {
      case .hello(let body): ("hello", body)
      case .list(let since): ("list", ListRequest(since: since))
      case .join(let body): ("join", body)
      case .leave: ("leave", nil)
      case .report(let body): ("report", body)
      case .receptions: ("receptions", nil)
      case .stream(let body): ("stream", body)
      case .repair(let body): ("repair", body)
      case .follow(let body): ("follow", body)
      case .pause: ("pause", nil)
      case .eras(let since): ("eras", ListRequest(since: since))
      case .unknown(let type): (type, nil)
      }
    var fields = encoder.container(keyedBy: TypeKey.self)
    try fields.encode(type, forKey: .type)
    try body?.encode(to: encoder)
  }
}
