/// Tells when a media file has become another and is complete: one that could not be played is then worth another try.
struct SourceWatch {
  /// A file that stays the same for so long is taken to be complete: 5 s, in nanoseconds.
  static let stillness: Int64 = 5_000_000_000

  private struct Sighting {
    let source: SourceFile
    let since: Int64
  }

  private var sightings: [String: Sighting] = [:]

  /// Looks at `file`; to be asked again and again.
  ///
  /// - Parameters:
  ///   - known: what it was when it could not be played; nil when it was not there.
  ///   - now: steady nanoseconds.
  /// - Returns: what it is now, once, when it is another and has been still.
  mutating func replacement(for known: SourceFile?, at file: String, now: Int64) -> SourceFile? {
    guard let found = try? SourceFile(file), found != known else {
      sightings[file] = nil
      return nil
    }
    guard let seen = sightings[file], seen.source == found else {
      sightings[file] = Sighting(source: found, since: now)
      return nil
    }
    guard now - seen.since >= SourceWatch.stillness else { return nil }
    sightings[file] = nil
    return found
  }
}
