import LinuxIO
import Wire

/// How reception of one station goes, since it was tuned to.
package struct ReceptionFigures: Sendable, Equatable {
  /// Datagrams of this station, duplicates not counted.
  package var received: UInt64 = 0
  /// Datagrams that never came; where neither RTP nor a server tells, as many as continuity counters show at the least.
  package var lost: UInt64 = 0
  /// Datagrams that came twice or too late.
  package var duplicates: UInt64 = 0
  /// Datagrams that are another sender's, or no RTP or TS at all.
  package var foreign: UInt64 = 0
  /// The sources (a bit each, the first is 1) that send other datagrams than the rest, and are left out.
  package var outOfStep: UInt8 = 0
  /// Datagrams that the player was too slow for.
  package var dropped: UInt64 = 0
  /// How the datagrams come.
  package var path = ReceptionPath.waiting
  /// Datagrams that multicast did not bring, and that came over the stream connection in time.
  package var repaired: UInt64 = 0
  /// Datagrams that came after they had been given up.
  package var late: UInt64 = 0
  /// Datagrams that came after one with a higher number.
  package var reordered: UInt64 = 0
  /// How datagrams arrived in the last second; nil in the first.
  package var second: ReceptionMeter.Second?
  /// Milliseconds of the programme that the player has and has not played; nil where it does not tell.
  package var buffer: Int?
  /// Bytes of transport stream.
  package var bytes: UInt64 = 0
  /// When the last datagram came, in steady nanoseconds (``SteadyClock``); nil when none has.
  package var lastArrival: Int64?
  /// Whether the random access point has come and the player is being fed.
  package var isPlaying = false
  /// The date of the datagram that the player was given last: Unix time in 90 kHz; nil before the first.
  package var position: Int64?
  /// Since when the player has taken nothing although there is something for it, in steady nanoseconds: a moment ago as a
  /// rule, long ago when it is paused. nil while there is nothing.
  package var idleSince: Int64?
  /// Why nothing can be received.
  package var fault: SystemError?

  package init() {}
}
