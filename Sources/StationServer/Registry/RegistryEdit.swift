/// Edits of the configuration, while stations are on the air.
extension StationRegistry {
  /// Puts an edit of the configuration on the air. Stations that are not part of it are not looked at.
  func apply(_ edit: ConfigurationEdit) {
    (multicast, transmit) = (edit.running.multicast, edit.running.transmit)
    takeOff(edit.removed.map(\.number))
    for change in edit.changed { carryOut(change) }
    for station in edit.added {
      entries[station.number] = StationEntry(station, site: site)
      takeUp(station.number)
    }
    publish()
    planWake()
    recordingWake()
    liveWake()
  }

  /// Their eras stay on disk: a station that comes back goes on where it would have been. A live one begins to count anew,
  /// for what it had sent stood in its ring.
  private func takeOff(_ removed: [Int]) {
    guard !removed.isEmpty else { return }
    for number in removed {
      guard let entry = entries.removeValue(forKey: number) else { continue }
      // They may be wanted again: seven days count from now on.
      for path in Set(entry.played(at: clock.now)) { TapeShelf.touch(path, at: clock.now.nanoseconds) }
      ends[number] = nil
      touched.remove(number)
      withdraw(entry.wanted)
      logger.info("\(entry.label) is taken off the air")
    }
    board.remove(Set(removed))
    airs.remove(removed)
    clearRings()
    liveWake()
  }

  private func carryOut(_ change: ConfigurationEdit.Change) {
    guard var entry = entries[change.after.number] else { return }
    let wanted = entry.wanted
    entry.change(to: change.after, site: site)
    logger.info("\(entry.label) has changed: \(change.keys.joined(separator: ", "))")
    look(&entry)
    entries[change.after.number] = entry
    withdraw(wanted)
  }

  /// These tapes are not made for the sake of a station that does not want them any more.
  private func withdraw(_ requests: [TapeRequest]) {
    guard !requests.isEmpty else { return }
    let wanted = Set(entries.values.flatMap(\.wanted))
    for request in requests where !wanted.contains(request) { shelf.withdraw(request) }
  }
}

extension StationEntry {
  /// The tapes that it waits for.
  fileprivate var wanted: [TapeRequest] { review.wanted.map(\.request) + (card.request.map { [$0] } ?? []) }
}
