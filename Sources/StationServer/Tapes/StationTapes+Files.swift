/// Files that come, change and go.
extension StationTapes {
  /// Takes in how its directories and playlists were found: what is new in them and has been still joins, what is gone
  /// leaves.
  ///
  /// - Parameters:
  ///   - files: the new ones, as far as they are there.
  ///   - now: steady nanoseconds.
  /// - Returns: whether it plays something else from now on.
  mutating func relist(_ found: [MediaListing], files: [String: SourceFile], at now: Int64) -> Bool {
    let known = Set(programmes.map(\.file))
    newcomers = newcomers.filter { files[$0.key] != nil }
    for (file, source) in files where newcomers[file]?.source != source { newcomers[file] = (source, now) }
    let settled = found.map { listing in
      var listing = listing
      listing.programmes.removeAll { programme in
        guard !known.contains(programme.file), let newcomer = newcomers[programme.file] else { return false }
        return now - newcomer.since < SourceWatch.stillness
      }
      return listing
    }
    guard settled.count == rotations.count, settled != listings else { return false }
    take(settled)
    return true
  }

  /// The programmes whose files were not there or could not be played: somebody may have been writing them.
  func lost(_ status: (TapeRequest) -> TapeStatus) -> [(index: Int, programme: Programme)] {
    programmes.enumerated().filter { _, programme in
      guard let source = programme.source else { return true }
      return [request(source, nil), request(source, house)].contains { request in
        if case .bad = status(request) { true } else { false }
      }
    }.map { ($0, $1) }
  }

  /// Takes in how a lost programme's file was found.
  ///
  /// - Parameter now: steady nanoseconds.
  /// - Returns: whether it is worth another try.
  mutating func renew(_ lost: LostSource, at now: Int64) -> Bool {
    // Its place may have become another's while somebody looked.
    guard programmes.indices.contains(lost.programme), programmes[lost.programme].file == lost.file,
      programmes[lost.programme].source == lost.known,
      let found = watch.replacement(of: lost.programme, known: lost.known, found: lost.found, now: now)
    else { return false }
    programmes[lost.programme].source = found
    return true
  }
}
