import Wire

/// A station's reception with its stream connection, but without a socket for multicast, a thread and a player: whoever
/// owns it brings datagrams and time, and takes what comes out. For programs that are many receivers at once.
package final class BareReception {
  private var reception: StationReception
  private var link: StreamLink
  private var line = [UInt8](repeating: 0, count: 2304)

  /// - Parameter now: steady nanoseconds, as everywhere here; the first ``advance(now:)`` connects.
  package init(_ tuning: Tuning, server: StreamServer, now: Int64) {
    reception = StationReception(tuning, now: now)
    link = StreamLink(server, now: now)
  }

  package var figures: ReceptionFigures { reception.figures }

  /// Whether its stream connection stands.
  package var isOpen: Bool { link.isOpen }

  /// Takes a datagram that multicast brought.
  ///
  /// - Parameter arrival: Unix nanoseconds; 0 if not known.
  package func datagram(_ bytes: Span<UInt8>, arrival: Int64, now: Int64) {
    reception.datagram(bytes, by: 0, arrival: arrival, now: now)
  }

  /// Goes on with connection, frames, time and lines; waits for nothing.
  package func advance(now: Int64) {
    switch link.advance(now: now, opening: { reception.opening(for: 0) }) {
    case .opened(let reply): if !reception.opened(reply, by: 0, now: now) { link.hangUp() }
    case .closed(let refusal): reception.closed(by: 0, now: now, isRefused: refusal != nil)
    case nil: break
    }
    link.frames(while: { reception.wantsFrames(from: 0) }, { reception.frame($0, by: 0, now: now) })
    reception.tick(now: now, spare: 0)
    while true {
      var room = line.mutableSpan
      let length = reception.line(for: 0, into: &room)
      guard length > 0 else { return }
      link.send(line.span.extracting(0..<length))
    }
  }

  /// Hands over all datagrams whose turn has come: number and payload.
  package func take(_ body: (Int64, Span<UInt8>) -> Void) {
    while let head = reception.head { reception.take { body(head.n, $0) } }
  }
}
