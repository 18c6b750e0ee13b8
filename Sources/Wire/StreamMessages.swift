/// The first line of a connection that is to carry datagrams: what it begins with. After the answer, the server sends
/// nothing but frames (``RTPFrame``); the client goes on in lines.
package struct StreamRequest: Codable, Hashable, Sendable {
  /// The station's number.
  package var station: Int
  /// Where to begin. At most one of these three is there; without one, nothing is sent before `follow` or `repair`.
  ///
  /// Exactly with this datagram.
  package var from: Int64?
  /// With the last random access point that was due at or before this date: seconds since the Unix epoch.
  package var at: Double?
  /// With the last random access point that was due at least so many seconds ago; 0 for the latest one.
  package var back: Double?
  /// Whether all datagrams are to be told apart by marks (``MarkFrame``), from a second before the first one on, but none
  /// of more than 20 s ago, and before they are due: for those who receive a station without RTP. nil: no.
  package var marks: Bool?

  package init(
    station: Int, from: Int64? = nil, at: Double? = nil, back: Double? = nil, marks: Bool? = nil
  ) {
    self.station = station
    self.from = from
    self.at = at
    self.back = back
    self.marks = marks
  }
}

/// The answer to a ``StreamRequest``: a line, and then frames.
package struct StreamReply: Codable, Hashable, Sendable {
  /// The station's number.
  package var station: Int
  /// The synchronization source in the frames: also of a station whose multicast has no RTP.
  package var ssrc: UInt32
  /// The number of the first datagram that is sent; of ``next`` when nothing was asked for.
  package var first: Int64
  /// When that was due: seconds since the Unix epoch.
  package var date: Double
  /// The number of the datagram that was due next when this was said.
  package var next: Int64
  /// The server's time when this was said: seconds since the Unix epoch, the air's clock.
  package var now: Double
  /// The earliest date that can be asked for: seconds since the Unix epoch.
  package var earliest: Double
  /// How far the server's clock may be from UTC, in seconds; nil when nothing keeps it.
  package var clockError: Double?
  /// What is on from ``date`` to now, and what follows: in order, at most 100.
  package var programmes: [Programme]

  package init(
    station: Int, ssrc: UInt32, first: Int64, date: Double, next: Int64, now: Double, earliest: Double,
    clockError: Double? = nil, programmes: [Programme] = []
  ) {
    self.station = station
    self.ssrc = ssrc
    self.first = first
    self.date = date
    self.next = next
    self.now = now
    self.earliest = earliest
    self.clockError = clockError
    self.programmes = programmes
  }
}

/// Asks on a stream connection for single datagrams again. Those that are not due yet, or not there any more, do not come.
package struct RepairRequest: Codable, Hashable, Sendable {
  /// Pairs: the number of the first datagram, and how many (1 to ``mostDatagrams``); at most ``mostRanges`` pairs.
  package var packets: [[Int64]]

  package static let mostRanges = 64
  package static let mostDatagrams: Int64 = 512

  package init(packets: [[Int64]]) { self.packets = packets }
}

/// Asks on a stream connection for all datagrams from one on: what is past at full speed, the others as they are due, until
/// `pause` or the next `follow`.
package struct FollowRequest: Codable, Hashable, Sendable {
  package var from: Int64

  package init(from: Int64) { self.from = from }
}
