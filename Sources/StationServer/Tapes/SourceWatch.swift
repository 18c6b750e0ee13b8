/// Tells when a media file has become another and is complete: one that could not be played is then worth another try.
struct SourceWatch {
  /// A file that stays the same for so long is taken to be complete: 5 s, in nanoseconds.
  static let stillness: Int64 = 5_000_000_000

  private struct Sighting {
    let source: SourceFile
    let since: Int64
  }

  /// By the programmes' places: two of them may have the same file.
  private var sightings: [Int: Sighting] = [:]

  /// Takes in how a programme's file was found; again and again.
  ///
  /// - Parameters:
  ///   - known: what it was when it could not be played; nil when it was not there.
  ///   - found: what it is; nil when it is not there.
  ///   - now: steady nanoseconds.
  /// - Returns: what it is now, once, when it is another and has been still.
  mutating func replacement(of programme: Int, known: SourceFile?, found: SourceFile?, now: Int64) -> SourceFile? {
    guard let found, found != known else {
      sightings[programme] = nil
      return nil
    }
    guard let seen = sightings[programme], seen.source == found else {
      sightings[programme] = Sighting(source: found, since: now)
      return nil
    }
    guard now - seen.since >= SourceWatch.stillness else { return nil }
    sightings[programme] = nil
    return found
  }
}
