import Playout
import TransportStream
import Wire

/// What the transmitter and clients are told of the stations, and when.
extension StationRegistry {
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
  func transmitting(faults: [Int: AirFault]) {
    for number in numbers {
      guard var entry = entries[number], faults[number] != entry.airFault else { continue }
      entry.airFault = faults[number]
      entries[number] = entry
      touched.insert(number)
    }
    publish()
  }

  // MARK: Clients

  /// The transmitter cannot open this tape, nor can anybody else: it is made anew; stations go on with what they have.
  func damaged(tape path: String) {
    for tape in readyTapes() where tape.output == path { damaged(tape.request) }
  }

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
    logger.log(level: entry.airFault == nil ? .info : .warning, "\(entry.label) \(standing)")
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
