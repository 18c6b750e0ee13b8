import LinuxIO

/// How reception of one station goes, since it was tuned to.
package struct ReceptionFigures: Sendable, Equatable {
  /// Datagrams of this station, duplicates not counted.
  package var received: UInt64 = 0
  /// Datagrams that never came; always 0 where there is no RTP to tell.
  package var lost: UInt64 = 0
  /// Datagrams that came twice or too late.
  package var duplicates: UInt64 = 0
  /// Datagrams that are another sender's, or no RTP or TS at all.
  package var foreign: UInt64 = 0
  /// Datagrams that the player was too slow for.
  package var dropped: UInt64 = 0
  /// Bytes of transport stream.
  package var bytes: UInt64 = 0
  /// When the last datagram came, in steady nanoseconds (``SteadyClock``); nil when none has.
  package var lastArrival: Int64?
  /// Whether the random access point has come and the player is being fed.
  package var isPlaying = false
  /// Why nothing can be received.
  package var fault: SystemError?

  package init() {}
}
