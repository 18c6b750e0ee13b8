import Glibc

/// Why a tape could not be written or read.
package enum TapeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A system call failed; `code` is its errno.
  case system(operation: String, path: String, code: Int32)
  /// The file is not a tape of this version, or no longer what its index says.
  case damaged(path: String, why: String)
  /// The recorder handed over something that no tape may contain.
  case unfit(path: String, why: String)

  /// The file that it is about.
  package var path: String {
    switch self {
    case .system(_, let path, _), .damaged(let path, _), .unfit(let path, _): path
    }
  }

  package var description: String {
    switch self {
    case .system(let operation, let path, let code):
      "\(path): \(operation): \(unsafe String(cString: strerror(code)))"
    case .damaged(let path, let why): "\(path): damaged tape: \(why)"
    case .unfit(let path, let why): "\(path): unfit for a tape: \(why)"
    }
  }
}
