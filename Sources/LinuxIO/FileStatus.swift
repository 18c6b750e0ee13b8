import Glibc

/// What the kernel knows about a file, symbolic links followed.
package struct FileStatus: Hashable, Sendable {
  /// Bytes.
  package let size: Int64
  /// When its content last changed: nanoseconds since the Unix epoch.
  package let modified: Int64
  package let isDirectory: Bool

  /// Throws what `stat` says.
  package init(_ path: String) throws(SystemError) {
    var status = stat()
    try systemCall("look at", path) { unsafe stat(path, &status) }
    size = Int64(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    isDirectory = status.st_mode & S_IFMT == S_IFDIR
  }

  /// A path as the kernel sees it: absolute, without symbolic links. Throws what `realpath` says.
  package static func realPath(_ path: String) throws(SystemError) -> String {
    guard let resolved = unsafe realpath(path, nil) else {
      throw SystemError(operation: "find", subject: path, code: errno)
    }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}
