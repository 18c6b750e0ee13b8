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
    // What it knew of its files is not so any more.
    entry.review = StationTapes.Review()
    entry.card.hide()
    let wanted = duty(of: entry, source)
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

  /// Takes up the ring of an earlier run, or begins one where what is on the air can end; at once when nothing is.
  private func open(_ entry: inout StationEntry, _ wanted: LiveDuty, at boundary: EraBoundary? = nil) {
    var duty = wanted
    if boundary == nil, let record = entry.schedule.eras.last?.record, let ring = record.ring,
      entry.schedule.eras.last?.ring?.info.format == wanted.format
    {
      (duty.ring, duty.from, duty.base) = (ring, record.start, record.base)
      entry.live = LiveAir(duty: duty, phase: .onAir)
      return liveWake()
    }
    do {
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

  /// Ends the ring: what follows is seen when it has.
  func close(_ entry: inout StationEntry) {
    switch entry.live?.phase {
    case .leaving, nil: return
    case .opening:
      entry.live.map { Self.remove($0.duty.ring) }
      entry.live = nil
      if case .live(let source) = entry.configuration.source { open(&entry, duty(of: entry, source)) }
    case .onAir: entry.live?.phase = .leaving((clock.now + StationEras.notice).wholeCounts)
    }
    liveWake()
  }

  /// The ring has ended: tapes or another ring follow.
  private func follow(_ entry: inout StationEntry, at date: Ticks) {
    guard let live = entry.live, let ring = try? Ring(path: live.duty.ring) else { return }
    entry.live = nil
    liveWake()
    do {
      let boundary = try entry.schedule.boundary(afterRing: ring, at: date)
      if case .live(let source) = entry.configuration.source {
        open(&entry, duty(of: entry, source), at: boundary)
      } else {
        entry.boundary = boundary
        look(&entry)
        entry.boundary = nil
      }
    } catch {
      logger.error("\(entry.label): \(error)")
    }
  }

  // MARK: What recorders say

  /// What a recorder on duty says.
  func reported(_ duty: LiveDuty, _ report: LiveReport) {
    guard var entry = entries[duty.station], let live = entry.live, live.duty.ring == duty.ring else { return }
    entry.live?.report = report
    if case .leaving(let date) = live.phase, report.hasLeft { follow(&entry, at: date) }
    begin(&entry)
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
      case .onAir: continue
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
