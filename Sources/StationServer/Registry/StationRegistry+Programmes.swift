import Playout
import Tape
import TransportStream

/// What stations play: their tapes as far as they are there, their timetables, or their cards.
extension StationRegistry {
  /// Looks at a station's tapes again, asks for those that are missing, and changes its schedule where need be.
  func look(
    _ entry: inout StationEntry, restoring: (inout StationEntry, [Tape], Ticks) -> Void = { _, _, _ in }
  ) {
    if case .live(let source) = entry.configuration.source {
      restoring(&entry, [], clock.now)
      return look(&entry, live: source)
    }
    entry.review = entry.tapes.review { shelf.status(of: $0) }
    if entry.review.isHopeless, entry.tapes.house == nil {
      entry.tapes.takeStandardFormat()
      entry.review = entry.tapes.review { shelf.status(of: $0) }
    }
    for (request, programme) in entry.review.wanted {
      shelf.want(request, .init(programme: programme, station: entry.configuration.number))
    }
    let programmes = entry.tapes.cycle(entry.review)
    let tapes = programmes.isEmpty ? card(&entry).map { [$0] } ?? [] : programmes
    if !programmes.isEmpty { entry.card.hide() }
    touched.insert(entry.configuration.number)
    let now = clock.now
    let before = entry.schedule.eras.map(\.record)
    restoring(&entry, tapes, now)
    // What is live ends before tapes follow, and not before there are any.
    adopt(&entry)
    if entry.live != nil {
      if !tapes.isEmpty || entry.live?.isOnlyPlanned(at: now) == true { close(&entry) }
      guard entry.live == nil else { return }
    }
    let (isFollowing, follows) = follow(&entry, programmes)
    guard !isFollowing else {
      let records = entry.schedule.eras.map(\.record)
      if records != before, !entry.twin.isHeld { save(records, entry) }
      if follows || records != before { planWake() }
      return
    }
    if follows { planWake() }
    let given = entry.boundary
    defer { entry.boundary = given }
    do {
      // A ring that nobody writes any more.
      if given == nil, entry.schedule.eras.last?.ring != nil {
        entry.boundary = try entry.schedule.boundary(forRingAfter: now + StationEras.notice)
      }
      let restored = entry.schedule.eras.map(\.record)
      if try play(tapes, &entry, at: now) || restored != before {
        let records = entry.schedule.eras.map(\.record)
        if records != restored || restored.isEmpty { save(records, entry) }
        planWake()
      }
      if entry.hasToRenew(at: now, .max) {
        _ = entry.renewal.failed(nil, at: clock.steadyNow)
      } else {
        entry.renewal.succeeded()
      }
    } catch {
      if entry.renewal.failed("\(error)", at: clock.steadyNow) { logger.error("\(entry.label): \(error)") }
    }
  }

  /// Whether anything changes.
  private func play(_ tapes: [Tape], _ entry: inout StationEntry, at now: Ticks) throws(TapeError) -> Bool {
    guard case .schedule(let schedule) = entry.configuration.source, !entry.review.playable.isEmpty else {
      return try entry.schedule.play(tapes, at: now, place: entry.nextBoundary(at: now), from: entry.boundary)
    }
    let guide = entry.tapes.guide(schedule, entry.review, card: intermission(&entry))
    if try entry.schedule.follow(guide, at: now, from: entry.boundary, isSilent: entry.isSilent) { return true }
    // Behind a ring something has to come, also while the card of the timetable is still being made.
    guard let boundary = entry.boundary else { return false }
    return try entry.schedule.play(tapes, at: now, from: boundary)
  }

  /// The card that a station with a timetable shows between its programmes; nil while it is made.
  private func intermission(_ entry: inout StationEntry) -> Tape? {
    let configuration = entry.configuration
    entry.intermission = entry.tapes.house.map {
      TapeRequest(cardWith: [configuration.name], format: $0, bitrate: configuration.bitrate)
    }
    guard let request = entry.intermission else { return nil }
    if case .ready(let tape) = shelf.status(of: request) { return tape }
    shelf.want(request, .init(programme: 0, station: configuration.number))
    return nil
  }

  /// The card tape of a station that has no programme; nil while it is made, or its format is not known.
  private func card(_ entry: inout StationEntry) -> Tape? {
    let configuration = entry.configuration
    entry.card.show(
      entry.review, name: configuration.name, house: entry.tapes.house, bitrate: configuration.bitrate,
      at: clock.steadyNow)
    guard let request = entry.card.request else { return nil }
    if case .ready(let tape) = shelf.status(of: request) { return tape }
    shelf.want(request, .init(programme: 0, station: configuration.number))
    return nil
  }

  /// Stations that wait for something look again.
  func lookAgain(_ isWaiting: (StationEntry) -> Bool) {
    for number in numbers where entries[number].map(isWaiting) ?? false { lookAgain(number) }
    publish()
    recordingWake()
  }

  func lookAgain(_ number: Int) {
    guard var entry = entries[number] else { return }
    look(&entry)
    entries[number] = entry
  }
}
