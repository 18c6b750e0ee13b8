import Playout
import TransportStream
import Wire

/// What a stream begins with: the answer to the first line, worked out from the station's air. It may have to wait for a disk.
struct StreamOpening: Sendable {
  let reply: StreamReply
  /// The first datagram to send; nil when nothing is to be sent yet.
  let first: Int64?

  /// So far back streams reach at the most.
  static let reach = Ticks.seconds(86_400)
  /// The most programmes that an answer names.
  static let mostProgrammes = 100

  /// nil when nothing of the station is there yet.
  init?(_ request: StreamRequest, _ air: AirBoard.Air, now: Ticks) {
    let station = air.station
    let next = station.index(at: now + Ticks(1))
    let earliest = station.earliest(notBefore: now - Self.reach)
    var first: Int64?
    if let wanted = request.from {
      first = min(max(wanted, earliest?.n ?? next), next)
    } else if let date = Self.date(request, now: now) {
      guard let earliest else { return nil }
      first = date <= earliest.date ? earliest.n : station.randomAccessPoint(notAfter: date) ?? earliest.n
    }
    let date = station.cursor(at: first ?? next).date
    self.first = first
    reply = StreamReply(
      station: request.station, ssrc: air.ssrc, first: first ?? next, date: date.inSeconds, next: next,
      now: now.inSeconds, earliest: (earliest?.date ?? now).inSeconds,
      programmes: Self.programmes(air, from: min(date, now), to: now))
  }

  private static func date(_ request: StreamRequest, now: Ticks) -> Ticks? {
    let seconds: Double
    if let at = request.at {
      seconds = at
    } else if let back = request.back {
      seconds = now.inSeconds - back
    } else {
      return nil
    }
    guard seconds.isFinite else { return nil }
    let date = min(max(seconds, 0), now.inSeconds)
    return min(Ticks(Int64((date * Double(Ticks.perSecond)).rounded(.up))), now)
  }

  /// What is on from one date to another, and what follows.
  private static func programmes(_ air: AirBoard.Air, from start: Ticks, to now: Ticks) -> [Programme] {
    var programmes: [Programme] = []
    var date = start
    while programmes.count < mostProgrammes {
      let onAir = air.station.onAir(at: date)
      guard onAir.end > date else { break }
      let end = onAir.end == OnAir.open ? onAir.start : onAir.end
      programmes.append(
        Programme(title: air.titles[onAir.tape] ?? "", start: onAir.start.inSeconds, end: end.inSeconds))
      guard date <= now, onAir.end != OnAir.open else { break }
      date = onAir.end
    }
    return programmes
  }
}
