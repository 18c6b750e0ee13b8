import Playout
import Tape
import TransportStream

/// Servers that send the same stations, datagram by datagram: the one that began first decides what is on, and the others
/// follow its eras. When it is gone, each goes on with what it has, which is the same.
extension StationRegistry {
  // MARK: What twins say

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
    let before = Dictionary(elder?.stations.map { ($0.ssrc, $0) } ?? [], uniquingKeysWith: { first, _ in first })
    twins[address] = account
    let after = Dictionary(elder?.stations.map { ($0.ssrc, $0) } ?? [], uniquingKeysWith: { first, _ in first })
    lookAgain { before[$0.ssrc] != after[$0.ssrc] }
  }

  // MARK: Following

  /// The twin that decides what is on; nil when that is this server.
  var elder: AirAccount? {
    twins.values.filter { $0.isElder(than: (began, runID)) }.min { $0.isElder(than: ($1.began, $1.id)) }
  }

  /// What the elder twin says of a station; nil when there is none, or it does not have the station.
  private func told(of entry: StationEntry) -> AirAccount.Station? {
    elder?.stations.first { $0.ssrc == entry.ssrc }
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
    guard let told = told(of: entry) else { return nil }
    let (records, missing) = localized(told, among: [])
    return records.isEmpty || missing != nil ? nil : records
  }

  /// What is live comes from one server at a time: that of the elder twin, if it has the station.
  func waitForTwin(_ entry: inout StationEntry) {
    let before = entry.twin
    entry.twin = told(of: entry).map { _ in .held(Self.liveReason) } ?? .none
    if entry.twin != before { planWake() }
  }

  private static let liveReason = "its twin sends it: what is live comes from one server at a time"

  /// Has a station do what its elder twin says.
  ///
  /// - Parameter tapes: those that it has, in the order of its schedule.
  /// - Returns: whether there is one that decides; then `changed` says whether anything changes.
  func follow(_ entry: inout StationEntry, _ tapes: [Tape]) -> (isFollowing: Bool, changed: Bool) {
    let before = entry.twin
    guard let told = told(of: entry) else {
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
      return (true, changed || entry.twin != before)
    } catch {
      entry.twin = .held("its twin's schedule cannot be played here: \(error)")
      return (true, entry.twin != before)
    }
  }

  private static func reason(_ told: AirAccount.Station, isComplete: Bool) -> String {
    if told.isLive { return liveReason }
    if told.eras.isEmpty { return "its twin is preparing it" }
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
