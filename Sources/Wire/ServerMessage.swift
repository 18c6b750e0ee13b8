/// What the server says to a client: one JSON object a line, its kind in the field `type`.
package enum ServerMessage: Hashable, Sendable {
  /// The answer to `hello`.
  case welcome(Welcome)
  /// The answer to `list`: one or more of these, all but the last marked with `more`.
  case stations(Stations)
  /// The answer to `join`: all that a receiver needs.
  case joined(Joined)
  /// The answer to `leave`; also sent unasked when the joined station leaves the configuration.
  case left(Left)
  /// Pushed to those who joined a station when its programme, state or place on the air changes.
  case changed(Changed)
  case error(ErrorReply)
  /// The answer to `stream`: what follows on this connection are frames.
  case stream(StreamReply)
  /// The answer to `receptions`: one or more of these, all but the last marked with `more`.
  case receptions(Receptions)
  /// The answer to `report` when reports are to come at another pace than they do.
  case reporting(Reporting)
  /// The answer to `eras`. Between servers.
  case eras(Eras)
  /// A type that this version does not know: to be ignored.
  case unknown(type: String)

  /// Whose stations these are.
  package struct Site: Codable, Hashable, Sendable {
    /// What viewers see, and every station's SDT names as its provider.
    package var name: String
    /// Whom to ask when something is wrong.
    package var contact: String?

    package init(name: String, contact: String? = nil) {
      self.name = name
      self.contact = contact
    }
  }

  /// What `welcome` says.
  package struct Welcome: Codable, Hashable, Sendable {
    /// The protocol version of this conversation: the lower of the two sides' newest ones.
    package var version: Int
    /// The server's name and version.
    package var server: String?
    /// Whose stations these are.
    package var site: Site
    /// How many stations the server has.
    package var stations: Int
    /// The control addresses of other servers that send the same stations, datagram by datagram: "host:port". nil: none.
    package var twins: [String]?

    package init(
      version: Int = protocolVersion, server: String? = nil, site: Site, stations: Int, twins: [String]? = nil
    ) {
      self.version = version
      self.server = server
      self.site = site
      self.stations = stations
      self.twins = twins
    }
  }

  /// What `stations` says: some of the stations, or all.
  package struct Stations: Codable, Hashable, Sendable {
    /// Stations in the order of their numbers.
    package var stations: [StationSummary]
    /// Whether another `stations` line follows, with the stations that did not fit this one.
    package var more: Bool?
    /// Which list this is: it grows with every change. nil from a server that does not count them.
    package var revision: Int?
    /// The revision that the client asked about: only what has changed since is in this list. nil: all stations are.
    package var since: Int?

    package init(stations: [StationSummary], more: Bool? = nil, revision: Int? = nil, since: Int? = nil) {
      self.stations = stations
      self.more = more
      self.revision = revision
      self.since = since
    }
  }

  /// What `joined` says.
  package struct Joined: Codable, Hashable, Sendable {
    /// The station as it is now.
    package var station: StationSummary
    /// The RTP synchronization source (RFC 3550, section 5.1); 0 for a station without RTP.
    package var ssrc: UInt32
    /// The PID of the PMT.
    package var pmt: UInt16
    /// nil for a radio station.
    package var video: ElementaryStream?
    /// In the order of the program map; the first is what a player takes unless told otherwise.
    package var audio: [ElementaryStream]

    package init(
      station: StationSummary, ssrc: UInt32, pmt: UInt16, video: ElementaryStream? = nil, audio: [ElementaryStream]
    ) {
      self.station = station
      self.ssrc = ssrc
      self.pmt = pmt
      self.video = video
      self.audio = audio
    }
  }

  /// What `left` says.
  package struct Left: Codable, Hashable, Sendable {
    /// The number of the station that is no longer received; nil when none was.
    package var station: Int?

    package init(station: Int?) { self.station = station }
  }

  /// What `changed` says.
  package struct Changed: Codable, Hashable, Sendable {
    /// The station as it is now.
    package var station: StationSummary

    package init(station: StationSummary) { self.station = station }
  }

  /// What `eras` says: behind the line's LF come so many bytes of JSON, which only servers understand.
  package struct Eras: Codable, Hashable, Sendable {
    /// Of what follows: it changes with it.
    package var revision: Int
    /// Bytes that follow, at most ``most``; 0 when the asker has this revision.
    package var bytes: Int
    /// Of each live station that it has on the air, by its number: the datagram that is due next.
    package var next: [String: Int64]?

    package static let most = 1 << 26

    package init(revision: Int, bytes: Int, next: [String: Int64]? = nil) {
      self.revision = revision
      self.bytes = bytes
      self.next = next
    }
  }

  /// What `error` says.
  package struct ErrorReply: Codable, Hashable, Sendable {
    /// For programs.
    package var code: ErrorCode
    /// One sentence for a person.
    package var message: String

    package init(code: ErrorCode, message: String) {
      self.code = code
      self.message = message
    }
  }
}

/// What kind of error an `error` message tells of.
package struct ErrorCode: OpenValue {
  package var rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }

  /// The line was no message; after the third such line the server closes the connection.
  package static let malformed = ErrorCode(rawValue: "malformed")
  /// The line was longer than ``longestMessageLine`` bytes, or ``longestStreamLine``; counts as malformed.
  package static let tooLong = ErrorCode(rawValue: "tooLong")
  /// No station has this number.
  package static let unknownStation = ErrorCode(rawValue: "unknownStation")
  /// The station is being prepared or off the air.
  package static let notOnAir = ErrorCode(rawValue: "notOnAir")
  /// The server has as many connections as it takes, or this client asks too often. The connection is closed.
  package static let busy = ErrorCode(rawValue: "busy")
  /// The server has no twin that might ask it.
  package static let noTwin = ErrorCode(rawValue: "noTwin")
  /// Nothing was said for too long. The connection is closed.
  package static let idle = ErrorCode(rawValue: "idle")
  /// The server is stopping. The connection is closed; the stations may well stay on the air.
  package static let closing = ErrorCode(rawValue: "closing")
}

extension ServerMessage: Codable {
  package init(from decoder: any Decoder) throws {
    let type = try decoder.container(keyedBy: TypeKey.self).decode(String.self, forKey: .type)
    switch type {
    case "welcome": self = .welcome(try Welcome(from: decoder))
    case "stations": self = .stations(try Stations(from: decoder))
    case "joined": self = .joined(try Joined(from: decoder))
    case "left": self = .left(try Left(from: decoder))
    case "changed": self = .changed(try Changed(from: decoder))
    case "error": self = .error(try ErrorReply(from: decoder))
    case "stream": self = .stream(try StreamReply(from: decoder))
    case "receptions": self = .receptions(try Receptions(from: decoder))
    case "reporting": self = .reporting(try Reporting(from: decoder))
    case "eras": self = .eras(try Eras(from: decoder))
    default: self = .unknown(type: type)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    let (type, body): (String, (any Encodable)?) =
      switch self {
      case .welcome(let body): ("welcome", body)
      case .stations(let body): ("stations", body)
      case .joined(let body): ("joined", body)
      case .left(let body): ("left", body)
      case .changed(let body): ("changed", body)
      case .error(let body): ("error", body)
      case .stream(let body): ("stream", body)
      case .receptions(let body): ("receptions", body)
      case .reporting(let body): ("reporting", body)
      case .eras(let body): ("eras", body)
      case .unknown(let type): (type, nil)
      }
    var fields = encoder.container(keyedBy: TypeKey.self)
    try fields.encode(type, forKey: .type)
    try body?.encode(to: encoder)
  }
}
