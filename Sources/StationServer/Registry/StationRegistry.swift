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
  let store: EraStore
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
  /// The datagrams that were due next of live stations, as twins said last: by the stations' numbers, with the air's time.
  var twinNext: [Int: (datagram: Int64, date: Ticks)] = [:]
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
    twinBoard = TwinBoard(twins: configuration.twins.map(\.description), airs: airs, clock: clock)
    began = clock.now.nanoseconds
    contents = TapeContents(directories: [configuration.tapes, memory.cards])
    // Anywhere in a range so wide that a revision of an earlier run is none of this one's, whatever the date does; small
    // enough for clients that keep numbers as IEEE 754 doubles.
    board = StationBoard(firstRevision: Int.random(in: 1..<1 << 52))
  }

  /// All stations' numbers, in order.
  var numbers: [Int] { entries.keys.sorted() }

  /// Looks at all tapes once, takes up where the last run ended, and puts on the air what can be.
  ///
  /// - Parameter isOnAir: whether a transmitter is on the air that an earlier run has left there.
  func begin(isOnAir: Bool = false) {
    for number in numbers { takeUp(number, isOnAir: isOnAir) }
    clearTapes()
    publish()
    planWake()
    recordingWake()
  }

  /// Puts a station on the air where the last run left it, as far as its tapes are there.
  ///
  /// - Parameter isOnAir: whether a transmitter of this server's may be sending it already.
  func takeUp(_ number: Int, isOnAir: Bool = false) {
    guard var entry = entries[number] else { return }
    if hasTwins, !isOnAir, case .live = entry.configuration.source { listen(before: &entry) }
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

  func save(_ records: [EraRecord], _ entry: StationEntry) {
    do {
      try store.save(records, past: entry.schedule.past.map(\.record), entry.ssrc)
    } catch {
      logger.warning(
        "\(entry.label): its place on the air cannot be kept: receivers may notice a restart (\(error))")
    }
  }
}
