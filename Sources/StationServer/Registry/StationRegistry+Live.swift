import FoundationEssentials
import LinuxIO
import Playout
import Tape
import TransportStream

/// Live stations: which recorders there are to be, and what becomes of their rings.
extension StationRegistry {
  /// What live recorders are to do now.
  func liveDuties() -> [LiveAssignment] { numbers.compactMap { entries[$0]?.live?.assignment } }

  // MARK: Tapes and rings in turn

  /// Sees to it that a station shows its live source.
  func look(_ entry: inout StationEntry, live source: LiveSource) {
    touched.insert(entry.configuration.number)
    waitForTwin(&entry)
    // What it knew of its files is not so any more.
    entry.review = StationTapes.Review()
    entry.card.hide()
    let wanted = duty(of: entry, source)
    adopt(&entry)
    guard let live = entry.live else { return open(&entry, wanted) }
    switch live.phase {
    case .leaving: return  // what comes next is seen when it has left
    case .opening, .onAir:
      guard live.canGoOn(as: wanted) else { return close(&entry) }
      guard live.duty != wanted.at(live.duty) else { return }
      entry.live?.duty = wanted.at(live.duty)
      liveWake()
    }
  }

  private func duty(of entry: StationEntry, _ source: LiveSource) -> LiveDuty {
    let configuration = entry.configuration
    return LiveDuty(
      station: configuration.number, label: entry.label, name: configuration.name, source: source, ring: "",
      format: configuration.format ?? StationTapes.standardFormat, bitrate: configuration.bitrate, base: AirCounts(),
      from: .zero, isAfterTape: false, seconds: configuration.ring)
  }

  /// Takes up the ring of an earlier run, whatever the station is to show: recorders go on with it, until it can end.
  func adopt(_ entry: inout StationEntry) {
    guard entry.live == nil, entry.boundary == nil, let last = entry.schedule.eras.last, let ring = last.ring,
      entry.givenUp != ring.path, !ring.hasEnded, ring.isCurrent
    else { return }
    // What its source was nobody knows when the station is not live any more.
    var duty =
      if case .live(let source) = entry.configuration.source { duty(of: entry, source) } else {
        duty(of: entry, .testCard(.init()))
      }
    (duty.ring, duty.from, duty.base) = (ring.path, last.record.start, last.record.base)
    (duty.format, duty.isAfterTape) = (ring.info.format, entry.schedule.eras.count > 1)
    entry.live = LiveAir(duty: duty, phase: .onAir)
    liveWake()
  }

  /// Begins a ring where what is on the air can end; at once when nothing is.
  private func open(_ entry: inout StationEntry, _ wanted: LiveDuty, at boundary: EraBoundary? = nil) {
    var duty = wanted
    do {
      try memory.makeAgain()
      let boundary = try boundary ?? entry.schedule.boundary(forRingAfter: clock.now + LiveAir.preparation)
      duty.from = boundary?.date ?? (clock.now + LiveAir.notice).wholeCounts
      duty.base = boundary?.counts ?? AirCounts()
      duty.isAfterTape = boundary != nil
      duty.ring = memory.ring(entry.ssrc, from: duty.from)
      entry.live = LiveAir(duty: duty, boundary: boundary)
      liveWake()
    } catch {
      logger.error("\(entry.label): \(error)")
    }
  }

  /// Ends the ring: what follows is seen when it has. One that has not begun is not heard of any more, and another one is
  /// opened where that is what the station shows.
  func close(_ entry: inout StationEntry) {
    switch entry.live?.phase {
    case .leaving, nil: return
    case .opening: drop(&entry)
    case .onAir:
      guard let live = entry.live else { return }
      if entry.schedule.withdraw(live.duty.ring, at: clock.now) {
        save(entry.schedule.eras.map(\.record), entry)
        planWake()
        drop(&entry)
      } else {
        // Recorders that have not said anything yet have to begin first.
        let date = clock.now + (live.report == nil ? LiveAir.preparation : StationEras.notice)
        entry.live?.phase = .leaving(max(date, live.duty.from + .seconds(1)).wholeCounts)
      }
    }
    liveWake()
  }

  private func drop(_ entry: inout StationEntry) {
    entry.live.map { Self.remove($0.duty.ring) }
    entry.live = nil
    if case .live(let source) = entry.configuration.source { open(&entry, duty(of: entry, source)) }
  }

  /// The ring has ended: tapes or another ring follow.
  private func follow(_ entry: inout StationEntry, at date: Ticks) {
    guard let live = entry.live else { return }
    entry.live = nil
    entry.givenUp = live.duty.ring
    liveWake()
    let boundary = entry.schedule.boundary(afterRing: live.duty.ring, at: date)
    if case .live(let source) = entry.configuration.source {
      open(&entry, duty(of: entry, source), at: boundary)
    } else {
      entry.boundary = boundary
      look(&entry)
      entry.boundary = nil
    }
  }

  /// The ring on the air will not go on: what comes next does as soon as it can.
  private func giveUp(_ entry: inout StationEntry) {
    guard let ring = entry.schedule.eras.last?.ring else { return }
    let isLive = if case .live = entry.configuration.source { true } else { false }
    let date = clock.now + (isLive ? LiveAir.preparation : StationEras.notice)
    follow(&entry, at: entry.schedule.end(of: ring, notBefore: date))
  }

  // MARK: What recorders say

  /// What a recorder on duty says.
  func reported(_ duty: LiveDuty, _ report: LiveReport) {
    guard var entry = entries[duty.station], let live = entry.live, live.duty.ring == duty.ring else { return }
    entry.live?.report = report
    switch live.phase {
    case .leaving(let date) where report.hasLeft: follow(&entry, at: date)
    // Told by an earlier run.
    case .onAir where report.hasLeft: giveUp(&entry)
    case .opening where report.hasLeft: close(&entry)
    default: begin(&entry)
    }
    entries[duty.station] = entry
    touched.insert(duty.station)
    publish()
  }

  /// Puts a ring on the air that is there, in time for its beginning.
  private func begin(_ entry: inout StationEntry) {
    guard let live = entry.live, live.phase == .opening, live.report?.isOnDuty == true else { return }
    guard live.boundary == nil || clock.now + LiveAir.notice < live.duty.from else {
      close(&entry)  // and again, from a later date on
      return
    }
    guard let ring = try? Ring(path: live.duty.ring) else { return }
    do {
      guard try entry.schedule.play(ring, from: live.duty.from, at: live.boundary, now: clock.now) else { return }
      entry.live?.phase = .onAir
      save(entry.schedule.eras.map(\.record), entry)
      planWake()
    } catch {
      logger.error("\(entry.label): \(error)")
    }
  }

  /// Several times a second: rings that were not there yet, and recorders that do not leave.
  func watchRings() {
    for number in numbers {
      guard var entry = entries[number], let live = entry.live else { continue }
      switch live.phase {
      case .onAir:
        guard let ring = entry.schedule.eras.last?.ring, ring.path == live.duty.ring,
          clock.now > live.duty.from
        else { continue }
        let isDry = entry.live?.isDry(ring.count, at: clock.steadyNow) ?? false
        guard isDry || !ring.isCurrent else {
          entries[number] = entry
          continue
        }
        logger.error("\(entry.label): its ring \(isDry ? "does not fill" : "is gone"): another one is made")
        giveUp(&entry)
      case .opening: begin(&entry)
      case .leaving(let date):
        guard clock.now > date + LiveAir.patience else { continue }
        logger.error("\(entry.label): its recorder does not leave: it is ended")
        follow(&entry, at: (clock.now + StationEras.notice).wholeCounts)
      }
      entries[number] = entry
      touched.insert(number)
    }
  }

  /// At which rates stations are sent: bit/s by their numbers. Nobody knows that of a live one before.
  func transmitting(rates: [Int: Int]) {
    for (number, rate) in rates where entries[number]?.live?.isSent(at: rate) == true { touched.insert(number) }
  }

  // MARK: Files

  /// Removes rings that no station has on the air, or had until just now.
  func clearRings() {
    let kept = entries.values.flatMap { entry in
      (entry.schedule.eras.map(\.record) + entry.inherited).map(\.ring) + [entry.live?.duty.ring]
    }
    memory.clearRings(keeping: Set(kept.compactMap(\.self)))
  }

  private static func remove(_ ring: String) { try? FileManager.default.removeItem(atPath: ring) }
}

extension LiveDuty {
  /// The same for a ring that is there.
  fileprivate func at(_ ring: LiveDuty) -> LiveDuty {
    var duty = self
    (duty.ring, duty.base, duty.from, duty.isAfterTape) = (ring.ring, ring.base, ring.from, ring.isAfterTape)
    return duty
  }
}

extension Ticks {
  /// The next whole 90 kHz count.
  var wholeCounts: Ticks { Ticks((count + 299) / 300 * 300) }
}
