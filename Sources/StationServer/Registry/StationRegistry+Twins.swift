import Playout
import Tape
import TransportStream

/// Servers that send the same stations, datagram by datagram: one decides what is on, the elder as a rule, and the others
/// follow its eras. When it is gone, they go on with what they have, which is the same.
extension StationRegistry {
  // MARK: What twins say

  /// What this server is before it puts anything on the air.
  var introduction: AirAccount {
    let latest = entries.values.compactMap { store.load($0.ssrc).last?.start.count }.max() ?? 0
    return AirAccount(id: runID, began: began, starting: .init(latest: max(0, latest)), stations: [])
  }

  /// A twin that was found running before this server put anything on the air.
  func meet(_ account: AirAccount, at address: Configuration.TwinAddress) {
    guard isOther(account, at: address) else { return }
    twins[address] = account
    began = max(began, account.began + 1)
  }

  /// A twin's account has changed.
  ///
  /// - Returns: whether it is a twin at all, rather than this server.
  func heard(_ account: AirAccount, from address: Configuration.TwinAddress) -> Bool {
    guard isOther(account, at: address) else { return false }
    setTwin(account, at: address)
    return true
  }

  /// A twin does not answer any more.
  func lost(_ address: Configuration.TwinAddress) { setTwin(nil, at: address) }

  /// Whether an address is another server's, as far as is known.
  func isTwin(_ address: Configuration.TwinAddress) -> Bool { !ownAddresses.contains(address) }

  private func isOther(_ account: AirAccount, at address: Configuration.TwinAddress) -> Bool {
    guard account.id == runID else { return true }
    ownAddresses.insert(address)
    twinBoard.remove(address.description)
    return false
  }

  private func setTwin(_ account: AirAccount?, at address: Configuration.TwinAddress) {
    func stations(_ account: AirAccount?) -> [UInt32: AirAccount.Station] {
      Dictionary(account?.stations.map { ($0.ssrc, $0) } ?? [], uniquingKeysWith: { first, _ in first })
    }
    let before = twins[address]
    twins[address] = account
    let (old, new) = (stations(before), stations(account))
    let isSameRun = before?.id == account?.id
    lookAgain { !isSameRun || old[$0.ssrc] != new[$0.ssrc] }
  }

  // MARK: Following

  /// What the twin says of a station that decides what is on; nil when that is this server.
  ///
  /// Those that have programmes come before those that show their card; then those that are on the air; then the one that
  /// began first. All servers that hear of each other find the same one.
  private func told(of entry: StationEntry, hasProgrammes: Bool) -> AirAccount.Station? {
    let own = TwinRank(
      isOnStandby: !hasProgrammes, isSilent: entry.twin.isHeld || entry.schedule.eras.isEmpty, began: began, id: runID)
    var best: (rank: TwinRank, station: AirAccount.Station)?
    for twin in twins.values {
      guard let station = twin.stations.first(where: { $0.ssrc == entry.ssrc }), !station.eras.isEmpty else { continue }
      let rank = TwinRank(isOnStandby: station.isOnStandby, isSilent: false, began: twin.began, id: twin.id)
      if rank < best?.rank ?? own { best = (rank, station) }
    }
    return best?.station
  }

  /// The eras of the elder twin with this server's tapes, as far as they are here, and when the first one begins that are
  /// not.
  private func localized(
    _ told: AirAccount.Station, among preferred: [Tape]
  ) -> (records: [EraRecord], missing: Ticks?) {
    var records: [EraRecord] = []
    for var record in told.eras[StationEras.current(told.eras, at: clock.now)] {
      let paths = contents.find(record.tapes, among: preferred, at: clock.steadyNow)
      record.tapes = paths.compactMap(\.self)
      guard record.ring == nil, record.tapes.count == paths.count else { return (records, record.start) }
      records.append(record)
    }
    return (records, nil)
  }

  /// The eras that a station begins with: those of the elder twin, if it has one and their tapes are here.
  func elderEras(of entry: StationEntry) -> [EraRecord]? {
    guard let told = told(of: entry, hasProgrammes: true) else { return nil }
    let (records, missing) = localized(told, among: [])
    return records.isEmpty || missing != nil ? nil : records
  }

  // MARK: Live stations

  /// What is live comes from one server at a time: the elder twin, if it has the station. When that is gone, its transmitter
  /// may be on the air still: this server waits until nobody sends to the group.
  func waitForTwin(_ entry: inout StationEntry) {
    let before = entry.twin
    if told(of: entry, hasProgrammes: true) != nil {
      (entry.twin, entry.isGroupFree) = (.held(Self.liveReason), false)
    } else if before.isHeld, !entry.isGroupFree {
      entry.twin = .held(Self.listeningReason)
    } else {
      if before.isHeld { countOn(&entry) }
      entry.twin = .none
    }
    if entry.twin != before { planWake() }
  }

  /// A live station that is new here begins when nobody sends to its group: a twin that does not answer may.
  func listen(before entry: inout StationEntry) { entry.twin = .held(Self.listeningReason) }

  private static let liveReason = "its twin sends it: what is live comes from one server at a time"
  private static let listeningReason = "its twin does not answer: it begins when nobody sends to its group any more"

  /// Goes on behind the numbers of its twin: so receivers know what comes next from what they have, and that something is
  /// missing between.
  private func countOn(_ entry: inout StationEntry) {
    guard let last = twinNext[entry.configuration.number] else { return }
    do {
      if try entry.schedule.countOn(from: last.datagram, at: last.date, now: clock.now) {
        save(entry.schedule.eras.map(\.record), entry)
      }
    } catch {
      logger.warning("\(entry.label): it cannot count on from its twin's datagrams: \(error)")
    }
  }

  /// Which datagrams are due next of a twin's live stations, by their numbers.
  func heard(next: [Int: Int64]) {
    let now = clock.now
    for (number, datagram) in next { twinNext[number] = (datagram, now) }
  }

  /// The groups of stations that begin when nobody sends to them any more, by the stations' numbers.
  var groupsToHear: [Int: GroupWatch.Place] {
    var places: [Int: GroupWatch.Place] = [:]
    // Of two that listen at the same moment, the elder begins first, and the younger hears it.
    let isYounger = twins.values.contains { ($0.began, $0.id) < (began, runID) }
    for (number, entry) in entries where entry.twin == .held(Self.listeningReason) {
      places[number] = .init(
        group: entry.configuration.group.description, port: UInt16(truncatingIfNeeded: entry.configuration.port),
        interface: multicast.interface, patience: isYounger ? 1_500_000_000 : 500_000_000)
    }
    return places
  }

  /// Nobody sends to a station's group.
  func heardNobody(on number: Int) {
    guard entries[number]?.twin == .held(Self.listeningReason) else { return }
    entries[number]?.isGroupFree = true
    lookAgain { $0.configuration.number == number }
  }

  /// Has a station do what its elder twin says.
  ///
  /// - Parameter tapes: of its programmes that it has, in the order of its schedule.
  /// - Returns: whether there is one that decides; then `changed` says whether anything changes.
  func follow(_ entry: inout StationEntry, _ tapes: [Tape]) -> (isFollowing: Bool, changed: Bool) {
    let before = entry.twin
    guard let told = told(of: entry, hasProgrammes: !tapes.isEmpty) else {
      entry.twin = .none
      return (false, before != .none)
    }
    let (records, missing) = localized(told, among: tapes)
    let now = clock.now
    // Nothing that differs may leave: what cannot be followed is left in time for the transmitter to hear of it.
    guard !records.isEmpty, missing.map({ now + .seconds(1) < $0 }) ?? true else {
      entry.twin = .held(Self.reason(told, isComplete: entry.review.wanted.isEmpty))
      return (true, entry.twin != before)
    }
    do {
      let changed = try entry.schedule.follow(records, at: now)
      entry.twin = .inStep(isWaiting: missing != nil)
      // One that was silent and is the elder decides from now on.
      if missing == nil, self.told(of: entry, hasProgrammes: !tapes.isEmpty) == nil { entry.twin = .none }
      return (true, changed || entry.twin != before)
    } catch {
      entry.twin = .held("its twin's schedule cannot be played here: \(error)")
      return (true, entry.twin != before)
    }
  }

  private static func reason(_ told: AirAccount.Station, isComplete: Bool) -> String {
    if told.isLive { return liveReason }
    return isComplete
      ? "its twin sends it, and has other tapes: give both servers the same files and settings"
      : "its twin sends it; the tapes are still being made here"
  }

  /// Stations that can follow their twin as soon as a tape is there, or have to stop following.
  var waitsForTwin: [Int] { numbers.filter { entries[$0]?.twin.isWaiting ?? false } }

  // MARK: What twins are told

  /// Writes down what is on the air here, if that has changed.
  func tellTwins() {
    guard hasTwins else { return }
    let all = numbers.compactMap { entries[$0] }
    let stations = all.map { entry in
      let isLive = if case .live = entry.configuration.source { true } else { false }
      return AirAccount.Station(
        number: entry.configuration.number, ssrc: entry.ssrc, isLive: isLive,
        isOnStandby: !isLive && entry.review.playable.isEmpty,
        eras: entry.twin.isHeld ? [] : entry.schedule.eras.map(\.record))
    }
    guard stations != accounted else { return }
    accounted = stations
    var account = AirAccount(id: runID, began: began, stations: stations)
    for (place, entry) in all.enumerated() {
      for era in account.stations[place].eras.indices {
        account.stations[place].eras[era].tapes = entry.schedule.eras[era].tapes.map(\.content)
      }
    }
    twinBoard.publish(account)
  }
}

/// Which of several servers decides what is on a station: the least.
private struct TwinRank: Comparable {
  let isOnStandby: Bool
  let isSilent: Bool
  let began: Int64
  let id: Int64

  private var order: (Int, Int, Int64, Int64) { (isOnStandby ? 1 : 0, isSilent ? 1 : 0, began, id) }

  static func < (left: TwinRank, right: TwinRank) -> Bool { left.order < right.order }
  static func == (left: TwinRank, right: TwinRank) -> Bool { left.order == right.order }
}

/// How a station stands to that of its elder twin.
enum TwinStanding: Equatable {
  /// There is none: this server decides.
  case none
  /// It sends what that sends; when it waits, not all of what is to come is here yet.
  case inStep(isWaiting: Bool)
  /// It is silent, for it would send something else to the same group; why, for people.
  case held(String)

  var isHeld: Bool { if case .held = self { true } else { false } }
  var isWaiting: Bool { self == .inStep(isWaiting: true) || isHeld }
}
