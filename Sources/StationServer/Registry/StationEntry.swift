import Playout
import Tape
import Timetables
import TransportStream
import Wire

/// All that the registry knows of one station.
struct StationEntry {
  private(set) var configuration: StationConfiguration
  /// RTP's synchronization source, and the name of the station's file of eras.
  let ssrc: UInt32
  var tapes: StationTapes
  var review = StationTapes.Review()
  /// What it shows while it has no programme.
  var card = StandbyCard()
  /// What it shows between the programmes of a timetable; nil while its format is not known.
  var intermission: TapeRequest?
  /// The directory of card tapes.
  var cards = ""
  var schedule: StationEras
  /// Its recorders' part, while it is live.
  var live: LiveAir?
  /// The path of the ring that ended last: it is not taken up again.
  var givenUp: String?
  /// Where tapes begin that follow its ring; set while that is being worked out.
  var boundary: EraBoundary?
  /// When what a timetable has next is to be worked out again, after that failed.
  var renewal = Retry()
  /// The eras that an earlier run has left.
  var inherited: [EraRecord] = []
  /// Whether another server decides what is on.
  var twin = TwinStanding.none
  /// Whether nobody has sent to its group for so long that a live station may begin that its twin had.
  var isGroupFree = false
  /// What the transmitter says is wrong with it.
  var airFault: AirFault?
  /// What the log was last told of it.
  var told = ""

  init(_ configuration: StationConfiguration, site: Configuration.Site) {
    self.configuration = configuration
    ssrc = Self.ssrc(site: site.name, number: configuration.number)
    tapes = StationTapes(configuration)
    schedule = StationEras(identity: Self.identity(configuration, site: site))
  }

  private static func identity(_ station: StationConfiguration, site: Configuration.Site) -> StationIdentity {
    StationIdentity(
      number: UInt16(truncatingIfNeeded: station.number), name: station.name, provider: site.name,
      transportStreamID: transportStreamID(site: site.name))
  }

  /// The same station as the configuration has it now: what it has sent counts on.
  mutating func change(to new: StationConfiguration, site: Configuration.Site) {
    let before = configuration
    configuration = new
    if before.name != new.name { schedule.rename(Self.identity(new, site: site)) }
    guard
      (before.source, before.format) != (new.source, new.format)
        || (before.bitrate, before.name) != (new.bitrate, new.name)
    else { return }
    tapes = tapes.changed(to: new, played: format)
  }

  /// Where another schedule may begin: what is in the configuration comes to its end, what is not any more does not, nor
  /// what is not sent.
  func nextBoundary(at now: Ticks) -> EraBoundary.Place {
    guard !isSilent else { return .randomAccess }
    guard let ending = schedule.onAir(at: now + StationEras.notice)?.tape, Paths.directory(of: ending) != cards,
      let key = TapeClearance.key(of: ending)
    else { return .programmeEnd }
    return tapes.keys.contains(key) ? .programmeEnd : .randomAccess
  }

  /// From the site's name and the station's number, so that it is the same after every restart. Never 0, which the control
  /// protocol keeps for stations without RTP.
  static func ssrc(site: String, number: Int) -> UInt32 {
    max(1, FNV.hash32("\(site)\0\(number)".utf8))
  }

  static func transportStreamID(site: String) -> UInt16 {
    let hash = FNV.hash32(site.utf8)
    return max(1, UInt16(truncatingIfNeeded: hash >> 16 ^ hash))
  }

  /// "station 2 "Radio Quay"", for messages.
  var label: String { "station \(configuration.number) \"\(configuration.name)\"" }

  /// Whether the transmitter does not send it for a fault.
  var isSilent: Bool { airFault?.isSilent ?? false }

  /// The paths of the tapes that it plays, has only just played, or is going to play.
  func played(at now: Ticks) -> [String] {
    let records = schedule.eras.isEmpty ? inherited : schedule.eras.map(\.record)
    return records[StationEras.current(records, at: now)].flatMap(\.tapes)
  }

  /// The keys of all tapes that it wants or plays.
  func keys(at now: Ticks) -> Set<String> {
    tapes.keys.union((played(at: now) + schedule.past.flatMap(\.record.tapes)).compactMap(TapeClearance.key)).union(
      [card.request, intermission].compactMap { $0?.key })
  }

  /// Whether it plays a timetable, of which there is always more to come.
  var isTimetabled: Bool {
    if case .schedule = configuration.source { !schedule.eras.isEmpty && !review.playable.isEmpty } else { false }
  }

  /// Whether it is time to work out what its timetable has next. `steadyNow`: steady nanoseconds.
  func hasToRenew(at now: Ticks, _ steadyNow: Int64) -> Bool {
    isTimetabled && twin == .none && (schedule.renewal ?? now) < now && renewal.isDue(at: steadyNow)
  }

  var format: HouseFormat? {
    // A ring that is only being made may come to nothing.
    schedule.eras.last.flatMap { $0.ring?.info.format ?? $0.tapes.first?.info.format } ?? live?.duty.format
      ?? tapes.house
  }

  func state(at now: Ticks) -> StationState {
    if isSilent { return .offAir }
    if twin.isHeld { return .preparing }
    if let live = liveOnAir(at: now) { return live.reason == nil ? .onAir : .standby }
    // A ring that is over, while the next one is being made.
    if schedule.record(at: now)?.ring != nil, live.map({ $0.duty.from <= now }) ?? true { return .preparing }
    if let onAir = schedule.onAir(at: now) { return Paths.directory(of: onAir.tape) == cards ? .standby : .onAir }
    if live != nil { return .preparing }
    return review.faults.count >= tapes.programmes.count ? .offAir : .preparing
  }

  /// Its live part, if that is what is on the air.
  func liveOnAir(at now: Ticks) -> LiveAir? {
    guard let live, let record = schedule.record(at: now), record.ring == live.duty.ring else { return nil }
    return live
  }

  /// Why it shows no programme, in one sentence; nil when its first tape is just being made, or about to begin.
  func reason(at now: Ticks) -> String? {
    if !isSilent, case .held(let reason) = twin { return reason }
    if !isSilent, let live = liveOnAir(at: now) { return live.reason }
    switch state(at: now) {
    case .onAir: return nil
    case .preparing: return live?.report?.reason ?? review.faults.first
    case .standby where !review.isHopeless: return gap(at: now) ?? review.faults.first
    default:
      if let airFault, isSilent { return airFault.reason }
      let more = review.faults.count > 1 ? " (and \(review.faults.count - 1) more)" : ""
      return (review.faults.first ?? "It has nothing to play.") + more
    }
  }

  /// What follows the card in a timetable's gap.
  private func upcoming(at now: Ticks) -> TimetableGuide.Part? {
    isTimetabled ? schedule.next(after: now) { Paths.directory(of: $0) != cards } : nil
  }

  /// Until when there is a gap in the timetable, and before what, on its zone's clocks.
  private func gap(at now: Ticks) -> String? {
    guard case .schedule(let schedule) = configuration.source, let next = upcoming(at: now) else { return nil }
    let second = next.start.count / Ticks.perSecond
    let clock = TimeOfDay(seconds: schedule.timetable.zone.local(second).seconds)
    return clock.map { "until \($0.description.prefix(5)): \(title(of: next.tape.path))" }
  }

  func summary(at now: Ticks, receivers: Int) -> StationSummary {
    let state = state(at: now)
    let onAir = state == .onAir ? schedule.onAir(at: now) : nil
    let live = state == .onAir ? liveOnAir(at: now) : nil
    let next: Programme? =
      switch state {
      case .onAir where live == nil: onAir.flatMap { schedule.onAir(at: $0.end) }.map(programme)
      case .standby: upcoming(at: now).map(programme)
      default: nil
      }
    return StationSummary(
      number: configuration.number, name: configuration.name, state: state, reason: reason(at: now),
      progress: progress(state),
      now: live.map(programme) ?? onAir.map(programme), next: next,
      group: configuration.group.description, port: configuration.port, encapsulation: configuration.encapsulation,
      bitrate: self.live?.bitrate ?? schedule.bitrate(at: now), receivers: receivers,
      radio: format.map { $0.video == nil } ?? false)
  }

  /// How far the first tape is, while that is what the station waits for.
  private func progress(_ state: StationState) -> Int? {
    switch state {
    case .preparing: live == nil && !twin.isHeld ? review.percent : nil
    case .standby where live == nil && review.playable.isEmpty && !review.isHopeless: review.percent
    default: nil
    }
  }

  private func programme(_ live: LiveAir) -> Programme {
    Programme(title: live.title, start: live.duty.from.inSeconds, end: live.duty.from.inSeconds)
  }

  private func programme(_ part: TimetableGuide.Part) -> Programme {
    Programme(title: title(of: part.tape.path), start: part.start.inSeconds, end: part.end.inSeconds)
  }

  private func programme(_ onAir: OnAir) -> Programme {
    Programme(title: title(of: onAir.tape), start: onAir.start.inSeconds, end: onAir.end.inSeconds)
  }

  func title(of path: String) -> String {
    if let known = review.playable.first(where: { $0.tape.path == path }) {
      return tapes.title(known.programme, known.tape)
    }
    let tape = schedule.eras.lazy.flatMap(\.tapes).first { $0.path == path }
    return tape?.info.title ?? configuration.name
  }

  /// All that a receiver needs to know.
  func joined(_ summary: StationSummary) -> ServerMessage.Joined {
    let format = format
    return ServerMessage.Joined(
      station: summary, ssrc: configuration.encapsulation == .rtp ? ssrc : 0, pmt: PID.pmt,
      video: format?.video.map { ElementaryStream(pid: PID.video, codec: $0.codec) },
      audio: (format?.audio ?? []).enumerated().map { index, audio in
        ElementaryStream(pid: PID.firstAudio + UInt16(index), codec: audio.codec, language: audio.language)
      })
  }
}
