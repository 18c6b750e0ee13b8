import FoundationEssentials
import LinuxIO
import TransportStream

/// Where things are kept that are made anew in a moment, and must be there when no disk is: live stations' rings and
/// card tapes. One for each run directory, this user's alone, in shared memory where the system has that.
struct MemoryDirectory: Sendable {
  let path: String

  init(path: String) { self.path = path }

  /// Makes it where it is not there.
  ///
  /// - Parameters:
  ///   - runDirectory: its path tells one stationd's from another's.
  ///   - shared: the system's shared memory.
  init(runDirectory: String, shared: String = "/dev/shm") throws(SystemError) {
    if (try? FileStatus(shared))?.kind == .directory {
      let base = "\(shared)/stationd-\(PrivateDirectory.user)"
      try PrivateDirectory.make(base)  // anyone could have made it
      path = "\(base)/\(FNV.hash128(runDirectory.utf8).hexadecimal.prefix(16))"
    } else {
      path = "\(runDirectory)/memory"
    }
    try PrivateDirectory.make(path)
    try PrivateDirectory.make(cards)
  }

  /// Makes it once more where someone has removed it.
  func makeAgain() throws(SystemError) {
    guard !PrivateDirectory.isOwn(path) else { return }
    let base = Paths.directory(of: path)
    if !PrivateDirectory.isOwn(base) { try PrivateDirectory.make(base) }
    try PrivateDirectory.make(path)
    try PrivateDirectory.make(cards)
  }

  var cards: String { "\(path)/cards" }

  /// The path of a ring that begins at a date.
  func ring(_ ssrc: UInt32, from start: Ticks) -> String { "\(path)/\(ssrc.hexadecimal)-\(start.count).ring" }

  /// Removes the rings that are not among `kept`, by their paths.
  func clearRings(keeping kept: Set<String>) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where name.hasSuffix(".ring") {
      let ring = "\(path)/\(name)"
      if !kept.contains(ring) { try? FileManager.default.removeItem(atPath: ring) }
    }
  }

  /// Removes it and all that is in it: in an orderly end nobody needs that any more.
  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
