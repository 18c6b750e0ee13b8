import Playout
import Tape
import TransportStream

/// What one station sends: its eras, the one in force and those to come, and the station that they make.
struct StationEras: Sendable {
  private(set) var identity: StationIdentity
  private(set) var eras: [Era] = []
  /// Nil until there is anything to play.
  private(set) var station: Station?
  /// Those before: each ends where the next begins, and the last where ``eras`` do. Nobody sends them any more, but streams
  /// reach back to them.
  private(set) var past: [Era] = []
  /// The station with its past.
  private(set) var archive: Station?
  /// The directory of card tapes, which take memory, and are not kept for longer than need be.
  var cards = ""

  /// How far ahead an era begins at the least: it has to reach the transmitter before.
  static let notice = Ticks.seconds(2)
  /// How long an era that is over is still kept.
  static let memory = Ticks.seconds(60)
  /// How long it is kept for streams.
  static let reach = StreamOpening.reach
  /// The most programmes that are kept so.
  static let mostPast = 20_000

  init(identity: StationIdentity) { self.identity = identity }

  /// The station is called something else: its tables say so from the next datagram on.
  mutating func rename(_ new: StationIdentity) {
    identity = new
    station = Station(identity: new, eras: eras)
    archive = past.isEmpty ? station : Station(identity: new, eras: past + eras)
  }

  /// Takes up the eras of an earlier run, if their tapes are there and the one in force still plays any of `tapes`, or
  /// nothing but cards.
  ///
  /// - Parameter tapes: nil for a live station, whose source has nothing to do with what was played before.
  mutating func restore(_ records: [EraRecord], tapes: [Tape]?, isCard: (String) -> Bool, at now: Ticks) {
    var restored: [Era] = []
    var open = OpenTapes(tapes ?? [])
    for (record, next) in zip(records, records.dropFirst().map(Optional.some) + [nil]) {
      if let era = try? Era(record, from: &open) {
        restored.append(era)
      } else if record.start > now, !restored.isEmpty {
        // What is to come is worked out anew.
        break
      } else if next.map({ $0.start > now }) ?? true {
        return
      } else {
        // It is over, and its tapes may be gone: then nothing reaches behind it.
        restored = []
      }
    }
    let playable = tapes.map { Set($0.map(\.path)) }
    guard let inForce = restored.last(where: { $0.record.start <= now }) else { return }
    if let playable {
      guard inForce.record.tapes.contains(where: playable.contains) || inForce.record.tapes.allSatisfy(isCard) else {
        return
      }
    }
    past = []
    _ = set(restored, at: now)
  }

  /// Takes up what an earlier run had kept of its past, as far back as the tapes are there, behind ``restore(_:tapes:isCard:at:)``.
  ///
  /// - Parameter records: what it had kept, up to what is in force or beyond; nothing is taken up of what is in no row with that.
  mutating func recall(_ records: [EraRecord], at now: Ticks) {
    guard let first = (past.first ?? eras.first)?.record, let place = records.firstIndex(of: first) else { return }
    var open = OpenTapes((past + eras).lazy.flatMap(\.tapes))
    var recalled: [Era] = []
    for record in records[..<place].reversed() {
      guard record.ring == nil, let era = try? Era(record, from: &open) else { break }
      recalled.append(era)
    }
    keep(recalled.reversed() + past, at: now)
  }

  /// Keeps what streams may still ask for of eras that are over.
  private mutating func keep(_ over: [Era], at now: Ticks) {
    let ends = over.dropFirst().map(\.record.start) + [eras.first?.record.start ?? now]
    var (kept, programmes): ([Era], Int) = ([], 0)
    for (era, end) in zip(over, ends).reversed() {
      programmes += era.lineup.count
      guard end > now - Self.reach, era.ring == nil, programmes <= Self.mostPast,
        !era.record.tapes.allSatisfy({ Paths.directory(of: $0) == cards })
      else { break }
      kept.append(era)
    }
    past = kept.reversed()
    archive = past.isEmpty ? station : Station(identity: identity, eras: past + eras) ?? station
  }

  /// Plays `tapes` in turn: from the beginning of time if nothing was on, and else from the end of the programme that is
  /// on, or from a random access point in it, with every counter going on.
  ///
  /// - Parameter boundary: where a ring has ended that was on before.
  /// - Returns: whether anything changed.
  mutating func play(
    _ tapes: [Tape], at now: Ticks, place: EraBoundary.Place = .programmeEnd, from boundary: EraBoundary? = nil
  ) throws(TapeError) -> Bool {
    try play(tapes.map { Showing($0) }, at: now, place: place, boundary: boundary)
  }

  /// Plays programmes in turn, which may end before their tapes do.
  ///
  /// - Parameters:
  ///   - place: whether the programme that is on comes to its end.
  ///   - boundary: where the era begins, if that has been made out already; then `place` does not count.
  ///   - first: the programme to begin with; nil: that after the one that ends.
  mutating func play(
    _ lineup: [Showing], at now: Ticks, place: EraBoundary.Place = .programmeEnd, boundary: EraBoundary? = nil,
    startingWith first: Int? = nil
  ) throws(TapeError) -> Bool {
    guard !lineup.isEmpty else { return false }
    guard let last = eras.last else {
      return set([try Era(.always(lineup), tapes: lineup.map(\.tape))], at: now)
    }
    if Self.plays(last, lineup), boundary == nil { return false }
    var kept = eras
    // An era that has not begun, and will not soon, has not been seen by anyone.
    let date = now + Self.notice
    while kept.count > 1, let last = kept.last, last.record.start > boundary?.date ?? date,
      // Nothing can follow a ring any more but at its end.
      boundary != nil || kept[kept.count - 2].ring == nil
    {
      kept.removeLast()
    }
    if let last = kept.last, boundary != nil || !Self.plays(last, lineup) {
      let start = if let boundary { boundary } else { try last.boundary(after: date, at: place) }
      kept.append(try start.era(lineup, startingWith: first ?? start.next(of: lineup)))
    }
    return set(kept, at: now)
  }

  private static func plays(_ era: Era, _ lineup: [Showing]) -> Bool {
    era.record.tapes == lineup.map(\.tape.path) && era.lineup.map(\.cut) == lineup.map(\.cut)
  }

  /// Which of a station's eras are in force, less than a minute over, or to come.
  static func current(_ records: [EraRecord], at now: Ticks) -> Range<Int> {
    (records.lastIndex { $0.start <= now - memory } ?? 0)..<records.count
  }

  /// Those of its eras that are in force, less than a minute over, or to come: what a transmitter needs of it. Only these
  /// have their tapes for sure.
  func current(at now: Ticks) -> [EraRecord] {
    let records = eras.map(\.record)
    return Array(records[Self.current(records, at: now)])
  }

  /// Plays these eras; those that are over become its past.
  mutating func set(_ all: [Era], at now: Ticks) -> Bool {
    let current = Self.current(all.map(\.record), at: now)
    guard let station = Station(identity: identity, eras: Array(all[current])) else { return false }
    let goesOn = all.first?.record == eras.first?.record
    eras = Array(all[current])
    self.station = station
    keep((goesOn ? past : []) + all[..<current.lowerBound], at: now)
    return true
  }

  /// The era in force; before the first one begins, that one.
  func record(at date: Ticks) -> EraRecord? { (eras.last { $0.record.start <= date } ?? eras.first)?.record }

  /// When what is on at a date ends; nil when nobody knows.
  func end(at date: Ticks) -> Ticks? {
    guard let record = record(at: date), record.ring != nil else { return onAir(at: date)?.end }
    return eras.first { $0.record.start > date }?.record.start
  }

  /// The mean rate of the schedule in force: bit/s.
  func bitrate(at now: Ticks) -> Int {
    guard let era = eras.last(where: { $0.record.start <= now }) ?? eras.first else { return 0 }
    let seconds = era.tapes.reduce(0) { $0 + $1.info.duration.inSeconds }
    let bits = era.tapes.reduce(0) { $0 + Double($1.bitrate) * $1.info.duration.inSeconds }
    return seconds > 0 ? Int(bits / seconds) : 0
  }

  /// What is on at a date: tapes' paths, and when they begin and end.
  func onAir(at date: Ticks) -> OnAir? { station?.onAir(at: date) }
}
