import Tape
import TransportStream
import Wire

/// What `stations.json` says, checked and with every default filled in. All paths are absolute.
struct Configuration: Equatable, Sendable {
  var site: Site
  /// Where the control server listens (TCP).
  var listen: ListenAddress
  var connections = ConnectionLimits()
  /// Control addresses of other servers that send the same stations, "host:port" each.
  var twins: [TwinAddress] = []
  var streams = StreamLimits()
  var multicast: Multicast
  var transmit = Transmission()
  /// The directory in which tapes are kept.
  var tapes: String
  /// In the order of their numbers.
  var stations: [StationConfiguration]

  struct Site: Equatable, Sendable {
    /// Stands as the provider in every station's service description, and in the receivers' lists.
    var name: String
    var contact: String?
  }

  struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 address, without brackets.
    var host: String
    var port: Int

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  /// Where a server with the same stations answers.
  struct TwinAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, without brackets.
    var host: String
    var port: Int

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  /// How many control connections there may be, as far as the process may have so many files open.
  struct ConnectionLimits: Equatable, Sendable {
    var total = 16_384
    var perAddress = 1_024
  }

  /// How much streams may take: bursts at tune-in, repairs, and whole stations over TCP.
  struct StreamLimits: Equatable, Sendable {
    var connections = 500
    /// Of all together, in bit/s.
    var bitrate = 1_000_000_000
  }

  struct Multicast: Equatable, Sendable {
    /// The name or the address of the network interface that stations leave by.
    var interface: String
    /// How many routers a datagram may pass (0: it does not leave the machine).
    var ttl: Int
    var firstGroup: GroupAddress
    var port: Int
    /// The differentiated services code point of every datagram (RFC 2474), 0 to 63.
    var dscp: Int
  }

  /// How stations are sent: it never changes what is sent.
  struct Transmission: Equatable, Sendable {
    /// How far ahead of its date a datagram may leave in the company of others; nil: as the load has it.
    var grain: Ticks?
    /// How many threads send.
    var threads = 1
  }
}

/// One station of the configuration.
struct StationConfiguration: Equatable, Sendable {
  var number: Int
  var name: String
  var source: StationSource
  var group: GroupAddress
  var port: Int
  var encapsulation: Encapsulation
  /// The constant rate in bit/s; nil: a variable rate, nulls left out. On a live station that of the picture's encoder; nil:
  /// as size and rate have it.
  var bitrate: Int?
  /// The station's house format where it is not to be the first programme's.
  var format: HouseFormat?
  /// Seconds of a live station's air that are kept.
  var ring = Self.usualRing

  static let usualRing = 10
}

/// A media file that is to become a programme.
struct ProgrammeSource: Hashable, Sendable {
  var file: String
  /// As the configuration has it; without, the file's own title or its name serves.
  var title: String?
}
