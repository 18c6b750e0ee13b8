import TransportStream

/// A datagram's number since its station's anchor, and when it is due.
package struct AirPosition: Hashable, Sendable {
  /// From 0, at the anchor.
  package var n: Int64
  /// Since the Unix epoch. Of a datagram that is not there yet: it will not be dated earlier.
  package var date: Ticks
  /// Whether it carries a program clock reference, whose value is then the date: what receivers keep time by.
  package var carriesClock: Bool
  /// Whether its live recorder has not delivered it yet.
  package var isPending: Bool

  /// Of any number and date.
  package init(n: Int64, date: Ticks, carriesClock: Bool, isPending: Bool = false) {
    self.n = n
    self.date = date
    self.carriesClock = carriesClock
    self.isPending = isPending
  }
}
