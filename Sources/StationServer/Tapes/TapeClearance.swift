import FoundationEssentials
import LinuxIO

/// Which tapes may go: those that nobody wants, that nothing on the air names, and that have not been in use for long.
struct TapeClearance {
  /// A file of the tapes directory.
  struct File: Equatable, Sendable {
    let name: String
    /// Nanoseconds since the Unix epoch; a tape's index has that of its last use.
    let modified: Int64
  }

  /// How long a tape stays after its last use: seven days, in nanoseconds. Whoever takes a station out of the
  /// configuration, or edits a file and thinks better of it, finds the tapes again until then.
  static let patience: Int64 = 7 * 86_400 * 1_000_000_000

  /// A card tape is made anew in a moment: ten minutes.
  static let cardPatience: Int64 = 600 * 1_000_000_000

  /// The keys of tapes that are wanted, or on the air.
  let kept: Set<String>
  var patience = Self.patience

  /// The names of the files to remove; an index comes before its tape, so that what is left of half a removal is no tape.
  ///
  /// - Parameter now: nanoseconds since the Unix epoch.
  func unused(among files: [File], now: Int64) -> [String] {
    let tapes = files.filter { Self.key(of: $0.name).map { !kept.contains($0) } ?? false }
    // Only the index is touched when a tape is used: the newest of its files dates a tape.
    let used = Dictionary(tapes.map { (Self.key(of: $0.name), $0.modified) }, uniquingKeysWith: max)
    return tapes.filter { now - (used[Self.key(of: $0.name)] ?? now) > patience }.map(\.name).sorted()
  }

  /// The key in the name of a tape's file, or in its path; nil for any other file.
  static func key(of path: String) -> String? {
    let parts = Paths.lastComponent(of: path).split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, ["ts", "index", "bad"].contains(parts[1]), parts[0].utf8.count == 32,
      parts[0].utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else { return nil }
    return String(parts[0])
  }
}
