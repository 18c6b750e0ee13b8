import Playout
import TransportStream

/// Everything a transmitter needs to know, whole: what is not in it leaves the air.
struct TransmitPlan: Codable, Hashable, Sendable {
  /// The interface to send on: its name or its IPv4 address.
  var interface: String
  /// Time to live of the datagrams, 1 to 255.
  var ttl: Int
  /// Differentiated services code point, 0 to 63 (RFC 2474).
  var dscp: Int
  /// UTC minus the machine's steady clock in nanoseconds, as the last transmitter of this boot had it: a new one goes on
  /// with it, so that the air's time does not jump if the system clock was stepped meanwhile. nil: from the system clock.
  var clockOffset: Int64?
  /// How long the windows are in which a station's datagrams leave in company; nil: as the load has it.
  var grain: Ticks?
  /// How many threads send; a transmitter goes by its first plan.
  var threads = 1
  var stations: [StationPlan]
}

/// One station's air and where it goes.
struct StationPlan: Codable, Hashable, Sendable {
  enum Encapsulation: String, Codable, Sendable {
    /// RTP, payload type 33 (RFC 2250).
    case rtp
    /// Transport packets right in the UDP datagram.
    case udp
  }

  var identity: StationIdentity
  /// An IPv4 multicast group.
  var group: String
  var port: UInt16
  var encapsulation: Encapsulation
  /// RTP's synchronization source (RFC 3550 §5.1); unused with bare UDP.
  var ssrc: UInt32
  /// The station's schedules and from when they hold, earliest first.
  var eras: [EraRecord]
}

/// One line to a transmitter: exactly one field is set.
struct TransmitRequest: Codable, Sendable {
  struct Figures: Codable, Sendable {}

  struct Leave: Codable, Sendable {
    /// What is dated before this is still sent; nil leaves at once.
    var at: Ticks?
  }

  var plan: TransmitPlan?
  var figures: Figures?
  var leave: Leave?
}

/// A transmitter's answer: exactly one field is set.
struct TransmitReply: Codable, Sendable {
  /// The plan is on the air.
  struct Ready: Codable, Sendable {
    /// Since when, or from when on if an elder transmitter leaves only then.
    var from: Ticks
    var clockOffset: Int64
    /// Stations that could not be put on the air as planned.
    var faults: [Fault]
  }

  struct Fault: Codable, Hashable, Sendable {
    var number: UInt16
    var fault: String
    /// Whether the station is on the air all the same, with what of its plan it can play; nil from an elder that does not
    /// say.
    var goesOn: Bool?
    /// The tapes that could not be opened.
    var paths: [String]?
  }

  struct Left: Codable, Sendable {
    var clockOffset: Int64
  }

  var ready: Ready?
  var figures: TransmitFigures?
  var left: Left?
  /// The request could not be met: one sentence.
  var error: String?
}

/// How the air is.
struct TransmitFigures: Codable, Sendable {
  struct Station: Codable, Hashable, Sendable {
    var number: UInt16
    /// Datagrams handed to the network.
    var sent: Int
    /// Of those, more than a millisecond after they were due.
    var late: Int
    /// Datagrams left out because their dates had passed by more than a second, or their tape was bad.
    var skipped: Int
    /// Datagrams whose bytes were bad or which the network refused.
    var errors: Int
    /// Bits per second of UDP payload over the last second.
    var bitrate: Int
    /// The most any datagram was late in the last whole minute and the one now, in nanoseconds.
    var worstLateness: Int64
    /// What is wrong, in a sentence; nil when all is well.
    var fault: String?
    /// Whether it is on the air all the same; nil: it is not, if anything is wrong.
    var goesOn: Bool?
  }

  /// The process as a whole.
  struct Process: Codable, Hashable, Sendable {
    /// Bytes of memory that it has.
    var residentBytes: Int
    /// Whether the kernel granted the sending thread a real-time priority.
    var realTime: Bool
    /// System calls that sent, messages in them (a train is one), and datagrams in those, since this transmitter began; nil
    /// from an elder that does not say.
    var calls: Int?
    var trains: Int?
    var datagrams: Int?
  }

  var clockOffset: Int64
  var process: Process
  var stations: [Station]

  private enum Key: String, CodingKey { case clockOffset, stations }

  init(clockOffset: Int64, process: Process, stations: [Station]) {
    (self.clockOffset, self.process, self.stations) = (clockOffset, process, stations)
  }

  /// The process's fields stand beside the others.
  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    clockOffset = try fields.decode(Int64.self, forKey: .clockOffset)
    process = try Process(from: decoder)
    stations = try fields.decode([Station].self, forKey: .stations)
  }

  func encode(to encoder: any Encoder) throws {
    try process.encode(to: encoder)
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(clockOffset, forKey: .clockOffset)
    try fields.encode(stations, forKey: .stations)
  }
}
