import Playout
import TransportStream
import Wire

/// What a stream begins with: the answer to the first line, worked out from the station's air. It may have to wait for a disk.
struct StreamOpening: Sendable {
  let reply: StreamReply
  /// The first datagram to send; nil when nothing is to be sent yet.
  let first: Int64?
  /// The first datagram to tell a mark of; nil when none are wanted.
  let marks: Int64?
  /// Which station of this number it is.
  let born: Int
  /// Of the station, per second.
  let datagramRate: Double
  /// The most that takes, in bit/s.
  var rate: Double { datagramRate * Double(RTPFrame.longest * 8) }

  /// So far back streams reach at the most.
  static let reach = Ticks.seconds(86_400)
  /// So many showings of cards are passed over at the most.
  private static let mostCards = 2_000
  /// The most programmes that an answer names.
  static let mostProgrammes = 100

  /// nil when nothing of the station is there yet.
  init?(_ request: StreamRequest, _ air: AirBoard.Air, now: Ticks, clockError: Double?) {
    let station = air.station
    let next = station.index(at: now + Ticks(1))
    let earliest = station.earliest(notBefore: now - Self.reach)
    let programmes = earliest.flatMap { Self.firstProgramme(air, from: $0, to: now) }
    /// Where to begin for a date.
    func point(_ date: Ticks) -> Int64? {
      earliest.flatMap { station.randomAccessPoint(notAfter: max(date, $0)) } ?? station.firstRandomAccessPoint
    }
    var first: Int64?
    if let wanted = request.from {
      if wanted >= next {
        first = next
      } else if let earliest, let date = station.date(of: wanted), earliest <= date {
        first = wanted
      } else {
        first = point(.zero)
      }
      if first == nil { return nil }
    } else if let date = Self.date(request, now: now) {
      // Who asks for a time is not shown the card that was on before there was anything.
      if request.at != nil, let programmes, programmes > date {
        first = station.randomAccessPoint(atOrBefore: station.index(at: programmes))
      } else {
        first = point(date)
      }
      if first == nil { return nil }
    }
    let date = station.cursor(at: first ?? next).date
    marks = request.marks == true ? station.index(at: max(date - MarkFill.before, now - MarkFill.reach)) : nil
    (self.first, born, datagramRate) = (first, air.born, station.datagramRate)
    reply = StreamReply(
      station: request.station, ssrc: air.ssrc, first: first ?? next, date: date.inSeconds, next: next,
      now: now.inSeconds, earliest: (programmes ?? now).inSeconds, clockError: clockError,
      programmes: Self.programmes(air, from: min(date, now), to: now))
  }

  /// When the first programme begins from a date on: what is on then, if that is no card; nil when there is none yet.
  private static func firstProgramme(_ air: AirBoard.Air, from start: Ticks, to now: Ticks) -> Ticks? {
    let station = air.station
    var date = start
    for _ in 0..<mostCards where date <= now {
      let onAir = station.onAir(at: date)
      guard Paths.directory(of: onAir.tape) == air.cards else { return date }
      // An era of nothing but cards is passed over at once.
      let era = station.eras.lastIndex { $0.record.start <= date } ?? 0
      let isCard = station.eras[era].record.tapes.allSatisfy { Paths.directory(of: $0) == air.cards }
      guard isCard else {
        date = max(onAir.end, date + Ticks(1))
        continue
      }
      guard era + 1 < station.eras.count else { return nil }
      date = station.eras[era + 1].record.start
    }
    return nil
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
