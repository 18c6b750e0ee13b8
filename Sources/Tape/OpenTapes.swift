/// Tapes by their paths, each opened once, however many stations play it.
package struct OpenTapes: Sendable {
  private var tapes: [String: Tape] = [:]

  /// `known` tapes are used again as long as their paths stand for the same files.
  package init(_ known: some Sequence<Tape> = []) {
    for tape in known where tapes[tape.path] !== tape {
      if tape.isCurrent { tapes[tape.path] = tape }
    }
  }

  /// The tape at a path. Its index is not held against its checksum.
  package mutating func tape(at path: String) throws(TapeError) -> Tape {
    if let known = tapes[path] { return known }
    let tape = try Tape(path: path, verify: false)
    tapes[path] = tape
    return tape
  }
}
