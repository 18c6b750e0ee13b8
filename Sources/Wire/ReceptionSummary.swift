/// How well a station is received, by what its receivers have reported in the last seconds.
package struct ReceptionSummary: Codable, Hashable, Sendable {
  /// The station's number.
  package var station: Int
  /// How many receivers report.
  package var reports: Int
  /// How many of them get the whole station over their stream connections.
  package var streams: Int
  /// Datagrams that all of them together received between their last two reports.
  package var received: UInt64
  /// Of those, the ones that multicast did not bring, and that came again over the stream connections.
  package var repaired: UInt64
  /// Datagrams that were missing at their players in that time.
  package var lost: UInt64
  /// Interarrival jitter (RFC 3550) in microseconds, the mean of all that receive multicast.
  package var jitter: Int
  /// The worst of them, in microseconds.
  package var worstJitter: Int
  /// Milliseconds from the datagrams' dates to their arrival, the mean of all that can tell.
  package var delay: Double?

  package init(
    station: Int, reports: Int, streams: Int = 0, received: UInt64 = 0, repaired: UInt64 = 0, lost: UInt64 = 0,
    jitter: Int = 0, worstJitter: Int = 0, delay: Double? = nil
  ) {
    self.station = station
    self.reports = reports
    self.streams = streams
    self.received = received
    self.repaired = repaired
    self.lost = lost
    self.jitter = jitter
    self.worstJitter = worstJitter
    self.delay = delay
  }
}

extension ServerMessage {
  /// What `receptions` says.
  package struct Receptions: Codable, Hashable, Sendable {
    /// In the order of the stations' numbers; those that nobody reports of are not in it.
    package var stations: [ReceptionSummary]
    /// Whether another `receptions` line follows.
    package var more: Bool?

    package init(stations: [ReceptionSummary], more: Bool? = nil) {
      self.stations = stations
      self.more = more
    }
  }

  /// What `reporting` says.
  package struct Reporting: Codable, Hashable, Sendable {
    /// Seconds between two reports, at least 1.
    package var every: Int

    package init(every: Int) { self.every = every }
  }
}
