import Playout
import Tape
import Timetables
import TransportStream

/// Something that a station is going to play, for people and programs.
struct ForecastItem: Codable, Equatable, Sendable {
  enum Kind: String, Codable, Sendable {
    case programme, card, live
  }

  var kind: Kind
  /// Ticks of 27 MHz since the Unix epoch: exact.
  var start: Int64
  var end: Int64
  /// Whether it ends before its file does.
  var isCut: Bool
  var title: String
  /// Nil for what is no file.
  var file: String?
}

/// What a station plays from one date to another, worked out of the configuration, the tapes directory, and what the
/// running stationd has kept of the station's air. It changes nothing.
struct Forecast {
  private(set) var items: [ForecastItem] = []
  /// A sentence for each programme that is left out, and why.
  private(set) var faults: [String] = []

  private let entry: StationEntry
  private let tapesDirectory: String
  /// Programmes' files, by the paths of their tapes.
  private let files: [String: String]

  /// - Parameters:
  ///   - now: the present date: what is on the air then goes on.
  ///   - first: may lie in the past: then it is what the station would have played.
  init(_ station: StationConfiguration, of configuration: Configuration, now: Ticks, from first: Ticks, to last: Ticks)
  {
    var entry = StationEntry(station, site: configuration.site)
    tapesDirectory = configuration.tapes
    var shelf = TapeShelf(directory: configuration.tapes, cards: "", slots: 1)
    shelf.isReadOnly = true
    let records = EraStore(directory: "\(configuration.tapes)/air").load(entry.ssrc)
    let played = Set(records.flatMap(\.tapes))
    let inForce = records.last { $0.start <= now }
    entry.tapes.settle(
      wasPlaying: { played.contains(shelf.path(of: $0)) },
      played: inForce?.tapes.lazy.compactMap { try? Tape(path: $0, verify: false) }.first?.info.format,
      status: { shelf.status(of: $0) })
    entry.review = entry.tapes.review { shelf.status(of: $0) }
    faults = entry.review.faults
    faults += entry.review.wanted.map { wanted in
      "\(Paths.lastComponent(of: entry.tapes.programmes[wanted.programme].file)): its tape is not made yet"
    }
    files = Dictionary(
      entry.review.playable.map { ($0.tape.path, entry.tapes.programmes[$0.programme].file) },
      uniquingKeysWith: { first, _ in first })

    // Card tapes lie elsewhere: whatever is not in the tapes directory is one.
    let directory = configuration.tapes
    let card = played.first { Paths.directory(of: $0) != directory }.flatMap { try? Tape(path: $0, verify: false) }
    let playable = entry.tapes.cycle(entry.review)
    entry.schedule.restore(
      records, tapes: playable + (card.map { [$0] } ?? []), isCard: { Paths.directory(of: $0) != directory }, at: now)
    self.entry = entry
    switch station.source {
    case .live:
      items = [ForecastItem(kind: .live, start: first.count, end: last.count, isCut: false, title: station.name)]
    case .files: repeatForEver(playable, now: now, from: first, to: last)
    case .schedule(let schedule):
      follow(entry.tapes.guide(schedule, entry.review, card: card), now: now, from: first, to: last)
    }
  }

  private mutating func repeatForEver(_ tapes: [Tape], now: Ticks, from first: Ticks, to last: Ticks) {
    var eras = entry.schedule
    _ = try? eras.play(tapes, at: now)
    guard let station = eras.station else { return add(.card, from: first, to: last) }
    var date = first
    while date < last {
      let onAir = station.onAir(at: date)
      add(onAir.tape, from: onAir.start, to: onAir.end)
      date = max(onAir.end, date + Ticks(1))
    }
  }

  private mutating func follow(_ guide: TimetableGuide, now: Ticks, from first: Ticks, to last: Ticks) {
    var eras = entry.schedule
    if !eras.eras.isEmpty { _ = try? eras.follow(guide, at: now) }
    var date = first
    if let station = eras.station, let begin = eras.eras.first?.record.start, let end = eras.eras.last?.end, end > now {
      for item in guide.resolver.items(from: date, to: begin) where date < begin { add(item, guide, until: begin) }
      date = max(date, begin)
      while date < min(end, last) {
        let onAir = station.onAir(at: date)
        add(onAir.tape, from: onAir.start, to: onAir.end)
        date = onAir.end
      }
      // As the next eras will be worked out.
      date = max(date, end)
      var chunk = end
      while chunk < last, let next = guide.parts(after: chunk).last?.end {
        for part in guide.parts(after: chunk) where part.end > date && part.start < last {
          add(part.tape.path, from: part.start, to: part.end)
        }
        chunk = next
      }
      guard chunk < last else { return }
      for item in guide.resolver.items(after: chunk, until: { ($0.last?.end ?? chunk) >= last }) {
        add(item, guide, until: .init(.max))
      }
    } else {
      for item in guide.resolver.items(from: date, to: last) { add(item, guide, until: .init(.max)) }
    }
  }

  private mutating func add(_ item: TimetableItem, _ guide: TimetableGuide, until end: Ticks) {
    let end = min(item.end, end)
    guard let clip = item.clip, let tape = guide.tapes[clip] else { return add(.card, from: item.start, to: end) }
    add(tape.path, from: item.start, to: end)
  }

  /// A tape from one date to another; cards in a row are one item.
  private mutating func add(_ path: String, from start: Ticks, to end: Ticks) {
    guard Paths.directory(of: path) == tapesDirectory else { return add(.card, from: start, to: end) }
    let duration =
      entry.review.playable.first { $0.tape.path == path }?.tape.info.duration
      ?? entry.schedule.eras.lazy.flatMap(\.lineup).first { $0.tape.path == path }?.tape.info.duration
    items.append(
      ForecastItem(
        kind: .programme, start: start.count, end: end.count, isCut: duration.map { end - start < $0 } ?? false,
        title: entry.title(of: path), file: files[path]))
  }

  private mutating func add(_ kind: ForecastItem.Kind, from start: Ticks, to end: Ticks) {
    if let last = items.last, last.kind == kind, last.end == start.count {
      items[items.count - 1].end = end.count
    } else {
      items.append(
        ForecastItem(kind: kind, start: start.count, end: end.count, isCut: false, title: entry.configuration.name))
    }
  }
}
