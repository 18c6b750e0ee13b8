/// Media files, directories and playlists, for whoever looks at them.
extension StationRegistry {
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
}
