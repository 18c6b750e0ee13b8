import Logging
import Playout
import Tape
import TransportStream
import Wire

/// The one place where it stands what every station is doing, and where that changes.
///
/// It does no work itself: recorders, the transmitter and the control server each have a service that asks here what
/// there is to do, and tells here what came of it.
actor StationRegistry {
  let site: Configuration.Site
  var multicast: Configuration.Multicast
  var transmit: Configuration.Transmission
  /// By their numbers.
  var entries: [Int: StationEntry]
  var shelf: TapeShelf
  let memory: MemoryDirectory
  private let store: EraStore
  let logger: Logger
  let clock: AirTime
  /// What the board still says of these stations may not be so any more: by their numbers.
  var touched: Set<Int>
  /// When what is on the air ends, for each station that has a schedule.
  var ends: [Int: Ticks] = [:]

  /// What clients are told.
  nonisolated let board: StationBoard
  /// What is sent to single receivers.
  nonisolated let airs = AirBoard()
  /// What twins are told.
  nonisolated let twinBoard: TwinBoard
  /// Of those twins that answer.
  var twins: [Configuration.TwinAddress: AirAccount] = [:]
  let hasTwins: Bool
  /// Of this run, for twins: see ``AirAccount``.
  let runID = Int64.random(in: 1..<1 << 52)
  var began: Int64
  /// What they were last told, with this server's paths.
  var accounted: [AirAccount.Station]?
  var contents: TapeContents
  /// Those of its twins' addresses that are its own.
  var ownAddresses: Set<Configuration.TwinAddress> = []
  /// Who receives what.
  nonisolated let audience = Audience()
  /// How they receive it.
  nonisolated let receptions = Receptions()
  /// What the transmitter says of itself.
  nonisolated let airFigures = AirFigures()

  /// Wakes whoever feeds the transmitter when there is another plan.
  nonisolated let planWake = Wake()
  /// Wakes the recorders' service when there may be a tape to make.
  nonisolated let recordingWake = Wake()
  /// Wakes the live stations' service when a recorder has something else to do.
  nonisolated let liveWake = Wake()

  init(_ configuration: Configuration, slots: Int, memory: MemoryDirectory, clock: AirTime, logger: Logger) {
    site = configuration.site
    multicast = configuration.multicast
    transmit = configuration.transmit
    entries = Dictionary(
      configuration.stations.map { ($0.number, StationEntry($0, site: configuration.site)) },
      uniquingKeysWith: { first, _ in first })
    shelf = TapeShelf(directory: configuration.tapes, cards: memory.cards, slots: slots)
    self.memory = memory
    store = EraStore(directory: "\(configuration.tapes)/air")
    self.clock = clock
    self.logger = logger
    touched = Set(entries.keys)
    hasTwins = !configuration.twins.isEmpty
    twinBoard = TwinBoard(twins: configuration.twins.map(\.description))
    began = clock.now.nanoseconds
    contents = TapeContents(directories: [configuration.tapes, memory.cards])
    // Anywhere in a range so wide that a revision of an earlier run is none of this one's, whatever the date does; small
    // enough for clients that keep numbers as IEEE 754 doubles.
    board = StationBoard(firstRevision: Int.random(in: 1..<1 << 52))
  }

  // MARK: Tapes

  /// All stations' numbers, in order.
  var numbers: [Int] { entries.keys.sorted() }

  /// Looks at all tapes once, takes up where the last run ended, and puts on the air what can be.
  func begin() {
    for number in numbers { takeUp(number) }
    clearTapes()
    publish()
    planWake()
    recordingWake()
  }

  /// Puts a station on the air where the last run left it, as far as its tapes are there.
  func takeUp(_ number: Int) {
    guard var entry = entries[number] else { return }
    let records = elderEras(of: entry) ?? store.load(entry.ssrc)
    let isLive = if case .live = entry.configuration.source { true } else { false }
    let played = Set(records.flatMap(\.tapes))
    let inForce = records.last { $0.start <= clock.now }
    entry.inherited = records
    entry.cards = shelf.cards
    entry.schedule.cards = shelf.cards
    entry.tapes.settle(
      wasPlaying: { played.contains(shelf.path(of: $0)) },
      wasOnStandby: inForce?.tapes.contains(where: shelf.isCard) ?? false,
      played: inForce.flatMap(Self.format), status: { shelf.status(of: $0) })
    look(&entry) { entry, tapes, now in
      entry.schedule.restore(records, tapes: isLive ? nil : tapes, isCard: shelf.isCard, at: now)
      entry.schedule.recall(store.loadPast(entry.ssrc) + store.load(entry.ssrc), at: now)
    }
    entry.told = entry.standing(at: clock.now)
    entries[number] = entry
    logger.info("\(entry.label) at \(entry.configuration.group):\(entry.configuration.port) \(entry.told)")
    let inUse = Set(entry.review.playable.map(\.tape.path) + entry.played(at: clock.now))
    for path in inUse { TapeShelf.touch(path, at: clock.now.nanoseconds) }
  }

  /// The house format of an era.
  private static func format(of era: EraRecord) -> HouseFormat? {
    if let ring = era.ring { return (try? Ring(path: ring))?.info.format }
    return era.tapes.lazy.compactMap { try? Tape(path: $0, verify: false) }.first?.info.format
  }

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
    if try entry.schedule.follow(guide, at: now, from: entry.boundary) { return true }
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

  /// Removes the tapes that nobody has had a use for in a while.
  private func clearTapes() {
    let now = clock.now
    let kept = entries.values.reduce(into: Set<String>()) { $0.formUnion($1.keys(at: now)) }
    let count = shelf.clear(keeping: kept, at: now.nanoseconds)
    if count > 0 { logger.info("removed \(count) files of tapes that were not in use for 7 days") }
    shelf.clearCards(keeping: kept, at: now.nanoseconds)
    clearRings()
  }

  func save(_ records: [EraRecord], _ entry: StationEntry) {
    do {
      try store.save(records, past: entry.schedule.past.map(\.record), entry.ssrc)
    } catch {
      logger.warning(
        "\(entry.label): its place on the air cannot be kept: receivers may notice a restart (\(error))")
    }
  }

  /// Stations that wait for something look again.
  func lookAgain(_ isWaiting: (StationEntry) -> Bool) {
    for number in numbers where entries[number].map(isWaiting) ?? false { lookAgain(number) }
    publish()
    recordingWake()
  }

  private func lookAgain(_ number: Int) {
    guard var entry = entries[number] else { return }
    look(&entry)
    entries[number] = entry
  }

  /// The files that could not be played, for whoever looks at them.
  func lostSources() -> [LostSource] {
    numbers.flatMap { number -> [LostSource] in
      guard let entry = entries[number], !entry.review.faults.isEmpty else { return [] }
      return entry.tapes.lost { shelf.status(of: $0) }.map { index, programme in
        LostSource(station: number, programme: index, file: programme.file, known: programme.source)
      }
    }
  }

  /// Files that could not be played were looked at: those that have changed are tried again.
  func looked(at lost: [LostSource]) {
    let now = clock.steadyNow
    let renewed = Set(lost.filter { entries[$0.station]?.tapes.renew($0, at: now) ?? false }.map(\.station))
    guard !renewed.isEmpty else { return }
    for station in renewed.sorted() { lookAgain(station) }
    publish()
    recordingWake()
  }

  /// The directories and playlists of stations, for whoever looks at them.
  func watchedLists() -> [WatchedLists] {
    numbers.compactMap { number in
      guard let tapes = entries[number]?.tapes, tapes.rotations.contains(where: \.isWatched) else { return nil }
      return WatchedLists(station: number, rotations: tapes.rotations, known: Set(tapes.programmes.map(\.file)))
    }
  }

  /// Directories and playlists were looked at: what is new in them is made ready for the air, what is gone leaves it.
  func looked(at lists: [WatchedLists]) {
    let now = clock.steadyNow
    var changed: Set<Int> = []
    for list in lists {
      // An edit may have given it other ones meanwhile.
      guard var entry = entries[list.station], entry.tapes.rotations == list.rotations else { continue }
      if entry.tapes.relist(list.found, files: list.newFiles, at: now) { changed.insert(list.station) }
      entries[list.station] = entry
    }
    if !changed.isEmpty { lookAgain { changed.contains($0.configuration.number) } }
  }

  /// The tapes whose recorders are to be started now.
  func startRecordings() -> [Recording] {
    shelf.start(at: clock.steadyNow).map { Recording(request: $0, output: shelf.path(of: $0)) }
  }

  /// A recorder has opened its source, and its tape will have this format: stations may show their cards in it.
  func found(_ format: HouseFormat, by request: TapeRequest) {
    let knowing = numbers.filter { entries[$0]?.tapes.found(format, by: request) ?? false }
    if !knowing.isEmpty { lookAgain { knowing.contains($0.configuration.number) } }
  }

  func progressed(_ request: TapeRequest, percent: Int) {
    shelf.progressed(request, percent: percent)
    for (number, entry) in entries where entry.review.playable.isEmpty {
      guard entry.review.wanted.contains(where: { $0.request == request }) else { continue }
      entries[number]?.review.percent = percent
      touched.insert(number)
    }
    let now = clock.steadyNow
    let outdated = numbers.filter { entries[$0].map { $0.card.isOutdated(by: $0.review, at: now) } ?? false }
    if !outdated.isEmpty { lookAgain { outdated.contains($0.configuration.number) } }
  }

  func finished(_ request: TapeRequest, _ outcome: RecordingOutcome) {
    shelf.finished(request, outcome, at: clock.steadyNow)
    lookAgain { !$0.review.wanted.isEmpty || $0.card.request == request || $0.intermission == request }
    if case .done = outcome { clearTapes() }
  }

  /// The tapes that are ready, for whoever checks them.
  func readyTapes() -> [Recording] { shelf.ready.map { Recording(request: $0, output: shelf.path(of: $0)) } }

  /// A tape turned out damaged: it is made anew; stations go on with what they have.
  func damaged(_ request: TapeRequest) {
    shelf.discard(request)
    for number in numbers {
      guard var entry = entries[number], entry.review.playable.contains(where: { $0.request == request }) else {
        continue
      }
      look(&entry)
      entries[number] = entry
    }
    publish()
    recordingWake()
  }

  // MARK: The air

  /// What the transmitter is to send. Eras that are over are not in it: their tapes may be cleared by now.
  func plan(clockOffset: Int64?) -> TransmitPlan {
    let now = clock.now
    return TransmitPlan(
      interface: multicast.interface, ttl: multicast.ttl, dscp: multicast.dscp, clockOffset: clockOffset,
      grain: transmit.grain, threads: transmit.threads,
      stations: numbers.compactMap { number in
        guard let entry = entries[number], !entry.schedule.eras.isEmpty, !entry.twin.isHeld else { return nil }
        return StationPlan(
          identity: entry.schedule.identity, group: entry.configuration.group.description,
          port: UInt16(truncatingIfNeeded: entry.configuration.port),
          encapsulation: entry.configuration.encapsulation == .udp ? .udp : .rtp, ssrc: entry.ssrc,
          eras: entry.schedule.current(at: now))
      })
  }

  /// What the transmitter says of its stations: a fault each, or none.
  func transmitting(faults: [Int: String]) {
    for number in numbers {
      guard var entry = entries[number], faults[number] != entry.transmitterFault else { continue }
      entry.transmitterFault = faults[number]
      entries[number] = entry
      touched.insert(number)
    }
    publish()
  }

  // MARK: Clients

  /// How the stations are now.
  func list() -> [StationSummary] {
    let now = clock.now
    return numbers.compactMap { entries[$0]?.summary(at: now, receivers: audience.count($0)) }
  }

  /// Writes on the board what has changed since it was last done: at once when a state changes or a programme begins;
  /// counts of receivers and progress wait for the next ``tick()``. The log is told as well, in words.
  func publish() {
    tellTwins()
    let now = clock.now
    for (number, end) in ends where end <= now { touched.insert(number) }
    guard !touched.isEmpty else { return }
    let notices = touched.compactMap { number -> ServerMessage.Joined? in
      guard let entry = entries[number] else { return nil }
      tellLog(entry, at: now)
      airs.put(entry)
      let summary = entry.summary(at: now, receivers: audience.count(number))
      ends[number] = entry.schedule.end(at: now)
      return entry.joined(summary)
    }
    touched.removeAll(keepingCapacity: true)
    for number in board.publish(notices) {
      logger.error("station \(number): clients cannot be told how it is: what they are told is too long")
    }
  }

  private func tellLog(_ entry: StationEntry, at now: Ticks) {
    let standing = entry.standing(at: now)
    guard standing != entry.told else { return }
    entries[entry.configuration.number]?.told = standing
    logger.log(level: entry.transmitterFault == nil ? .info : .warning, "\(entry.label) \(standing)")
  }

  /// To be called a few times a second: tells clients what has begun, and wakes recorders that were held back.
  ///
  /// - Returns: steady nanoseconds until the next programme begins on any station; nil when none does.
  @discardableResult
  func tick() -> Int64? {
    touched.formUnion(audience.takeNews())
    watchRings()
    let now = clock.now
    let steadyNow = clock.steadyNow
    let due = numbers.filter { entries[$0]?.hasToRenew(at: now, steadyNow) ?? false } + waitsForTwin
    if !due.isEmpty { lookAgain { due.contains($0.configuration.number) } }
    publish()
    if let due = shelf.nextTry, due <= clock.steadyNow { recordingWake() }
    return ends.values.min().map { max(0, ($0 - clock.now).nanoseconds) }
  }
}

/// A tape to be made or checked, and the path it has.
struct Recording: Sendable {
  let request: TapeRequest
  let output: String
}
