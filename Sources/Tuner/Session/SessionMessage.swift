import FoundationEssentials
import LinuxIO
import Wire

/// What another `tuner` of the same user asks the one that is running: a JSON line on its Unix socket.
struct SessionRequest: Codable, Sendable, Equatable {
  enum Kind: String, Codable, Sendable {
    case tune, status, terminate
  }

  var type: Kind
  /// The station to tune to: a number or a name.
  var station: String?
  /// Where to begin: seconds since the Unix epoch; nil for now.
  var at: Double?
  /// Where to begin: so many seconds ago.
  var ago: Double?
  /// Whether to begin with the beginning of the programme that is on.
  var startOver: Bool?

  init(type: Kind, station: String? = nil, beginning: Beginning = .live) {
    self.type = type
    self.station = station
    switch beginning {
    case .live: break
    case .at(let date): at = date
    case .ago(let seconds): ago = seconds
    case .startOver: startOver = true
    }
  }

  var beginning: Beginning { startOver == true ? .startOver : at.map { .at($0) } ?? ago.map { .ago($0) } ?? .live }
}

/// The answer to a ``SessionRequest``.
struct SessionReply: Codable, Sendable, Equatable {
  /// What happened, in one sentence.
  var message: String
  /// The exit status for the one who asked; 0 when it was done.
  var exitStatus: Int32 = 0
  var status: SessionStatus?
}

/// How a session goes; `tuner status --json` prints it as it is.
struct SessionStatus: Codable, Sendable, Equatable {
  enum State: String, Codable, Sendable {
    /// Nothing has come yet, or no random access point.
    case waiting
    /// The player is being fed.
    case playing
    /// Nothing has come for some seconds.
    case silent
    /// The player has taken nothing for some seconds: it is paused.
    case paused
  }

  var pid: Int32
  var state: State
  /// HOST:PORT of the control server.
  var server: String
  /// Whether the server answers just now.
  var isConnected: Bool
  /// Number, name, now and next, group and port, as the server last told.
  var station: StationSummary
  /// The interface the group is joined on.
  var interface: String?
  /// What gets the stream: a player's command, a file.
  var output: String
  /// The player's process; nil without a player.
  var playerPid: Int32?
  /// Seconds since the station was tuned to.
  var seconds: Double
  /// bit/s of transport stream over the last second.
  var bitrate: Int
  /// Datagrams since the station was tuned to.
  var received: UInt64
  var lost: UInt64
  var duplicates: UInt64
  /// Datagrams in the group that are not this station's.
  var foreign: UInt64
  /// Datagrams that the player was too slow for.
  var dropped: UInt64
  /// How they arrive; nil from a tuner that does not say.
  var quality: Quality?
  /// Where what is played is from the past: what the player was given last was on the air then, in seconds since the Unix
  /// epoch; nil where it is on the air now.
  var position: Double?
  /// In the past, the server's time when this was said: seconds since the Unix epoch.
  var now: Double?
  /// What was on then; nil where nobody has told.
  var past: Programme?
  /// All servers of the session; nil where there is only one.
  var servers: [Server]?

  struct Server: Codable, Sendable, Equatable {
    /// HOST:PORT.
    var server: String
    var isConnected: Bool
    /// Whether it has the station.
    var isSending: Bool
  }

  /// The programme that is played at a date (seconds since the Unix epoch), as far as it is known.
  func programme(at date: Double) -> Programme? { position == nil ? station.programme(at: date) : past }

  /// Seconds from what is on the air at a date to what is played; nil where that is the same.
  func lag(at date: Double) -> Double? { position.map { max(0, date - $0) } }
}

/// Lines of JSON whose bytes depend on nothing but the value.
enum StableJSON {
  static func line(_ value: some Encodable, pretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return (try? encoder.encode(value)).map { escaped(String(decoding: $0, as: UTF8.self)) } ?? "{}"
  }

  /// JSON escapes control characters below U+0020 only; DEL and those of C1, which terminals obey as well, stand in texts
  /// alone.
  private static func escaped(_ json: String) -> String {
    guard json.unicodeScalars.contains(where: { (0x7F...0x9F).contains($0.value) || $0.isMark }) else { return json }
    return json.unicodeScalars.reduce(into: "") { text, scalar in
      if (0x7F...0x9F).contains(scalar.value) || scalar.isMark {
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  static func value<Value: Decodable>(_: Value.Type, _ line: String) -> Value? {
    try? JSONDecoder().decode(Value.self, from: Data(line.utf8))
  }
}

extension Unicode.Scalar {
  /// Whether it turns the direction of what is shown (Unicode Standard Annex 9, 2), or ends the line.
  fileprivate var isMark: Bool {
    switch value {
    case 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
