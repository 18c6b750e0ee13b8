import LinuxIO

/// Tells when a file has become another and is complete: when it was the same at two looks in a row. A file that is
/// replaced is absent for a moment, and one that is being written grows.
struct FileSighting {
  enum News: Equatable {
    case changed
    /// Said once.
    case missing
  }

  /// Absent at so many looks in a row, it is missing.
  static let patience = 3

  /// As it was last taken up.
  private var known: FileStatus?
  private var seen: FileStatus?
  private var absences = 0

  init(_ known: FileStatus?) { self.known = known }

  /// Takes in how the file was found; nil: it is not there.
  mutating func look(_ found: FileStatus?) -> News? {
    guard let found else {
      seen = nil
      absences += 1
      return absences == Self.patience ? .missing : nil
    }
    absences = 0
    if found == known {
      seen = nil
      return nil
    }
    guard found == seen else {
      seen = found
      return nil
    }
    (known, seen) = (found, nil)
    return .changed
  }
}
