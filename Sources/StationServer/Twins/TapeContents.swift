import FoundationEssentials
import Tape

/// Where the tapes of this server lie, by what they are.
struct TapeContents {
  let directories: [String]
  private var paths: [String: [String]] = [:]
  private var seen: Set<String> = []
  /// Steady nanoseconds of the last look at the directories.
  private var looked = Int64.min

  /// The directories are looked at once in so long at the most: 1 s, in nanoseconds.
  static let patience: Int64 = 1_000_000_000

  init(directories: [String]) { self.directories = directories }

  /// The paths of tapes for the contents that a schedule names, in its order; nil in the place of each that is not here.
  ///
  /// - Parameters:
  ///   - preferred: tapes that are open, those that the station would play first: of several with the same content, the
  ///     n-th is taken for the n-th showing, as it will be in its own schedule.
  ///   - now: steady nanoseconds.
  mutating func find(_ contents: [String], among preferred: [Tape], at now: Int64) -> [String?] {
    let open = Dictionary(preferred.map { ($0.content, [$0.path]) }, uniquingKeysWith: +)
    var shown: [String: Int] = [:]
    return contents.map { content in
      if let paths = open[content] {
        defer { shown[content, default: 0] += 1 }
        return paths[shown[content, default: 0] % paths.count]
      }
      if let known = known(content) { return known }
      look(at: now)
      return known(content)
    }
  }

  private mutating func known(_ content: String) -> String? {
    paths[content]?.first { path in
      (try? Tape(path: path, verify: false))?.content == content
    }
  }

  private mutating func look(at now: Int64) {
    guard looked == .min || now - looked >= Self.patience else { return }
    looked = now
    for directory in directories {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
      for name in names.sorted() where name.hasSuffix(".ts") && TapeClearance.key(of: name) != nil {
        let path = "\(directory)/\(name)"
        guard !seen.contains(path), let tape = try? Tape(path: path, verify: false) else { continue }
        seen.insert(path)
        paths[tape.content, default: []].append(path)
      }
    }
  }
}
