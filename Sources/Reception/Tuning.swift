import LinuxIO
import TransportStream
import Wire

/// All that the receiver must know of a station.
package struct Tuning: Sendable, Equatable {
  /// One way to the station's datagrams: a group, and the server that sends them and has those of the past.
  package struct Source: Sendable, Equatable {
    /// Multicast group, dotted decimal, and UDP port.
    package var group: String
    package var port: Int
    /// Where the group is joined; nil for the interface that the routing table names.
    package var interface: NetworkInterface?
    /// The server's control port, for stream connections; nil where there is none to ask.
    package var server: StreamServer?

    package init(group: String, port: Int, interface: NetworkInterface?, server: StreamServer?) {
      self.group = group
      self.port = port
      self.interface = interface
      self.server = server
    }
  }

  /// Where reception begins.
  package enum Start: Sendable, Equatable {
    /// With what is on the air now.
    case live
    /// With what was on the air at this date: seconds since the Unix epoch.
    case at(Double)
    /// With what was on the air so many seconds ago, by the server's clock.
    case ago(Double)

    /// The date that is meant when the server's clock says `now` (both seconds since the Unix epoch); nil for the present.
    package func date(now: Double) -> Double? {
      switch self {
      case .live: nil
      case .at(let date): date
      case .ago(let seconds): now - seconds
      }
    }
  }

  package var station: StationSummary
  /// RTP synchronization source; datagrams with another one are not this station's.
  package var ssrc: UInt32
  /// The PID of the PMT.
  package var pmt: UInt16
  package var video: ElementaryStream?
  package var audio: [ElementaryStream]
  /// At least one; several send the same datagrams.
  package var sources: [Source]
  package var start = Start.live
  /// How long ago what is begun with live was sent, at the least, in seconds: so much the player has at once.
  package var back = leastBack
  /// How long a missing datagram may hold up the player at the most, in milliseconds.
  package var latency = 200
  /// What was missed for up to so many seconds is made up for when reception comes back; after more it goes on with what
  /// is on the air then.
  package var makeUp = 10

  /// Has a player begin so far behind what is on the air that it need not wait where a missing datagram takes `latency`
  /// milliseconds: from there on it never comes closer, and what it has not shown is all the time that repairs have. 0.2 s
  /// are what the player has been given by then, and a margin.
  package mutating func keepBehind(_ latency: Int) { back = max(Self.leastBack, Double(latency) / 1000 + 0.2) }

  static let leastBack = 0.4

  package init(_ joined: ServerMessage.Joined, interface: NetworkInterface?, server: StreamServer? = nil) {
    station = joined.station
    ssrc = joined.ssrc
    pmt = joined.pmt
    video = joined.video
    audio = joined.audio
    sources = [Source(group: station.group, port: station.port, interface: interface, server: server)]
  }

  /// The PID whose random access points a player can start at: the picture, or the sound of a radio station.
  package var accessPID: UInt16 { video?.pid ?? audio.first?.pid ?? PID.firstAudio }

  /// Whether a player that plays `other` can go on with this: the same codecs on the same PIDs.
  package func continues(_ other: Tuning) -> Bool {
    let streams: (Tuning) -> [String] = { tuning in
      ([tuning.video].compactMap(\.self) + tuning.audio).map { "\($0.pid) \($0.codec)" }
    }
    return pmt == other.pmt && (video == nil) == (other.video == nil) && streams(self) == streams(other)
  }

  /// Whether both mean the same datagrams, whoever sends them.
  package func sends(_ other: Tuning) -> Bool {
    station.number == other.station.number && station.encapsulation == other.station.encapsulation
      && start == other.start && ssrc == other.ssrc && accessPID == other.accessPID && continues(other)
  }

  /// Whether the receiver would do the same for both: same datagrams, same way in.
  package func isReceivedAs(_ other: Tuning) -> Bool {
    station.number == other.station.number && sources == other.sources
      && station.encapsulation == other.station.encapsulation && start == other.start
      && ssrc == other.ssrc && pmt == other.pmt && accessPID == other.accessPID
  }
}

/// A server's control port by its address, so that nothing has to be looked up when a stream is wanted.
package struct StreamServer: Sendable, Hashable {
  /// An IPv4 or IPv6 address as text.
  package var address: String
  package var port: Int

  package init(address: String, port: Int) {
    self.address = address
    self.port = port
  }
}
