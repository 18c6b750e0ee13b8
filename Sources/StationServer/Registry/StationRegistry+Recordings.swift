import Tape

/// What recorders are to make, and what came of it.
extension StationRegistry {
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

  /// Removes the tapes that nobody has had a use for in a while.
  func clearTapes() {
    let now = clock.now
    let kept = entries.values.reduce(into: Set<String>()) { $0.formUnion($1.keys(at: now)) }
    let count = shelf.clear(keeping: kept, at: now.nanoseconds)
    if count > 0 { logger.info("removed \(count) files of tapes that were not in use for 7 days") }
    shelf.clearCards(keeping: kept, at: now.nanoseconds)
    clearRings()
  }
}

/// A tape to be made or checked, and the path it has.
struct Recording: Sendable {
  let request: TapeRequest
  let output: String
}
