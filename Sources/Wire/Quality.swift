/// How well a receiver receives a station, as it tells the server once a second. Counts are since the join.
package struct Quality: Codable, Hashable, Sendable {
  /// How the datagrams come.
  package var path: ReceptionPath
  /// Datagrams that multicast did not bring, and that came again over the stream connection in time.
  package var repaired: UInt64
  /// Datagrams that came after they had been given up.
  package var late: UInt64
  /// Datagrams that came after one with a higher number.
  package var reordered: UInt64
  /// Datagrams that came more than once from one source.
  package var duplicated: UInt64
  /// Interarrival jitter (RFC 3550, section 6.4.1, appendix A.8), in microseconds.
  package var jitter: Int
  /// Delay factor of the media delivery index over the last second (RFC 4445, section 3.1), in microseconds.
  package var delayFactor: Int
  /// Media loss rate over the last second (RFC 4445, section 3.2): lost or out-of-order transport packets.
  package var mediaLossRate: Int
  /// The most a PCR's arrival was off in the last second, against the mean of that second, in microseconds.
  package var clockJitter: Int
  /// Milliseconds from a datagram's date to its arrival, the mean of the last second; nil where the clocks do not allow it.
  package var delay: Double?
  /// Milliseconds of the programme that the player has and has not played; nil where the player does not tell.
  package var buffer: Int?

  package init(
    path: ReceptionPath, repaired: UInt64 = 0, late: UInt64 = 0, reordered: UInt64 = 0, duplicated: UInt64 = 0,
    jitter: Int = 0, delayFactor: Int = 0, mediaLossRate: Int = 0, clockJitter: Int = 0, delay: Double? = nil,
    buffer: Int? = nil
  ) {
    self.path = path
    self.repaired = repaired
    self.late = late
    self.reordered = reordered
    self.duplicated = duplicated
    self.jitter = jitter
    self.delayFactor = delayFactor
    self.mediaLossRate = mediaLossRate
    self.clockJitter = clockJitter
    self.delay = delay
    self.buffer = buffer
  }
}

/// How a station's datagrams come to a receiver.
package struct ReceptionPath: OpenValue {
  package var rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }

  /// Nothing has come yet.
  package static let waiting = ReceptionPath(rawValue: "waiting")
  /// By multicast; what is missing, over the stream connection.
  package static let multicast = ReceptionPath(rawValue: "multicast")
  /// All of it over the stream connection.
  package static let stream = ReceptionPath(rawValue: "stream")
}
