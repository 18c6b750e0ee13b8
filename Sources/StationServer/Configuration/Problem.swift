/// One thing that is wrong in a configuration, in one line: where, what stands there, and what would be right.
struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
  /// The key's path, such as `stations[1].source.files[0]`; empty for the whole file.
  let path: String
  let sentence: String

  var description: String { path.isEmpty ? sentence : "\(path): \(sentence)" }
}

/// A configuration that cannot be used: everything that is wrong with it, in the order of the file.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  let file: String
  let problems: [Problem]

  var description: String { problems.map { "\(file): \($0)" }.joined(separator: "\n") }
}

/// Collects problems while the reader walks on.
final class Problems {
  private(set) var all: [Problem] = []

  /// Adds a problem, once: several stations may run into the same one.
  func add(_ path: String, _ sentence: String) {
    let problem = Problem(path: path, sentence: sentence)
    if !all.contains(problem) { all.append(problem) }
  }
}
