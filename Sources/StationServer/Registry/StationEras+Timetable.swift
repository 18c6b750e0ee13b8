import Playout
import Tape
import Timetables
import TransportStream

extension StationEras {
  /// So long before a timetable's last era is over the next one follows, if it is long enough: 6 h.
  private static let reserve = Ticks.seconds(6 * 3_600)

  /// Plays a timetable: sees to it that what is to come is what it says, and enough of it.
  ///
  /// A timetable that says something else than before has its way from the end of the programme on the air, or from the next
  /// entry that begins sharp; or at once, where what is on is nothing of it.
  ///
  /// - Parameters:
  ///   - end: where a ring has ended that was on before.
  ///   - isSilent: nothing of the station is sent: what is on need not come to its end.
  /// - Returns: whether anything changed.
  mutating func follow(
    _ guide: TimetableGuide, at now: Ticks, from end: EraBoundary? = nil, isSilent: Bool = false
  ) throws(TapeError) -> Bool {
    if let end {
      let parts = guide.parts(after: end.date)
      guard !parts.isEmpty else { return false }
      let next = try end.era(try Self.lineup(parts))
      let all = eras.filter { $0.record.start < end.date } + [next]
      return set(all, at: now)
    }
    guard let station, let last = eras.last else {
      let parts = guide.parts(at: now)
      guard let first = parts.first else { return false }
      return set([try Era.first(try Self.lineup(parts), from: first.start)], at: now)
    }
    let date = now + Self.notice
    let onAir = station.onAir(at: date)
    if let takeover = takeover(onAir, after: date, guide), last.end > takeover, keeps(guide, from: takeover) {
      guard renewal.map({ $0 <= now }) ?? true else { return false }
      return try append(guide.parts(after: last.end), after: last, at: now)
    }

    // Eras that have not begun, and will not soon, have not been seen by anyone.
    let kept = eras.enumerated().filter {
      $0.offset == 0 || $0.element.record.start <= date || eras[$0.offset - 1].ring != nil
    }.map(\.element)
    guard let current = kept.last, let before = Station(identity: identity, eras: kept) else { return false }
    let ending = before.onAir(at: date)
    let boundary: EraBoundary =
      if let sharp = guide.resolver.nextSharp(after: date, before: ending.end) {
        try current.boundary(after: sharp, at: .date)
      } else {
        try current.boundary(after: date, at: guide.plays(ending.tape) && !isSilent ? .programmeEnd : .randomAccess)
      }
    let parts = guide.parts(after: boundary.date)
    guard !parts.isEmpty else { return false }
    let next = try boundary.era(try Self.lineup(parts))
    return set(kept + [next], at: now)
  }

  /// When the timetable's next era is to follow.
  var renewal: Ticks? {
    eras.last.map { last in
      last.end - min(Self.reserve, Ticks((last.end - last.record.start).count / 2))
    }
  }

  /// The end of what is on, if a timetable lets it come to that.
  private func takeover(_ onAir: OnAir, after date: Ticks, _ guide: TimetableGuide) -> Ticks? {
    guide.plays(onAir.tape) && guide.resolver.nextSharp(after: date, before: onAir.end) == nil ? onAir.end : nil
  }

  /// Whether what is to come from a date on is what the timetable says.
  private func keeps(_ guide: TimetableGuide, from date: Ticks) -> Bool {
    for (index, era) in eras.enumerated() {
      let end = index + 1 < eras.count ? eras[index + 1].record.start : era.end
      guard end > date else { continue }
      // As it was worked out once: from its beginning.
      let wanted = guide.parts(after: era.record.start).filter { $0.start >= date }
      let planned = parts(of: era, from: max(era.record.start, date), to: end)
      guard !planned.isEmpty, Array(wanted.prefix(planned.count)) == planned else { return false }
    }
    return true
  }

  /// What an era has once, from one date to another.
  private func parts(of era: Era, from start: Ticks, to end: Ticks) -> [TimetableGuide.Part] {
    var parts: [TimetableGuide.Part] = []
    var now = era.record.anchor
    for showing in era.lineup {
      let next = now + showing.duration
      if now >= start, now < end { parts.append(.init(tape: showing.tape, start: now, end: min(next, end))) }
      now = next
    }
    return parts
  }

  /// The first programme to begin after a date whose tape's path is one of those looked for.
  func next(after date: Ticks, where isWanted: (String) -> Bool) -> TimetableGuide.Part? {
    for (index, era) in eras.enumerated() {
      let end = index + 1 < eras.count ? eras[index + 1].record.start : era.end
      guard end > date else { continue }
      let parts = parts(of: era, from: max(era.record.start, date), to: end)
      if let part = parts.first(where: { isWanted($0.tape.path) }) { return part }
    }
    return nil
  }

  private mutating func append(_ parts: [TimetableGuide.Part], after last: Era, at now: Ticks) throws(TapeError) -> Bool
  {
    guard !parts.isEmpty else { return false }
    let boundary = try last.boundary(after: last.end - .ninetyKilohertz(1), at: .programmeEnd)
    let all = eras + [try boundary.era(try Self.lineup(parts))]
    return set(all, at: now)
  }

  private static func lineup(_ parts: [TimetableGuide.Part]) throws(TapeError) -> [Showing] {
    var lineup: [Showing] = []
    for part in parts {
      let duration = part.end - part.start
      lineup.append(Showing(part.tape, cut: duration < part.tape.info.duration ? try part.tape.cut(at: duration) : nil))
    }
    return lineup
  }
}

extension TimetableGuide {
  /// Whether a tape is anything of the timetable's.
  func plays(_ path: String) -> Bool {
    card?.path == path || tapes.values.contains { $0.path == path }
  }
}
