import Glibc

/// What the kernel knows about a file, symbolic links followed. Two that are equal mean the same file, unchanged.
package struct FileStatus: Hashable, Sendable {
  package enum Kind: Sendable { case file, directory, other }

  package let kind: Kind
  /// Whether it is a named pipe (fifo(7)).
  package let isPipe: Bool
  /// Which file it is, whatever its name: the device that it is on, and its number there.
  package let device: UInt64
  package let inode: UInt64
  /// Bytes.
  package let size: Int64
  /// When its content last changed: nanoseconds since the Unix epoch.
  package let modified: Int64

  /// Throws what `stat` says.
  package init(_ path: String) throws(SystemError) {
    var status = stat()
    try systemCall("look at", path) { unsafe stat(path, &status) }
    size = Int64(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    isPipe = status.st_mode & S_IFMT == S_IFIFO
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      default: .other
      }
  }

  /// Whether both are the same file, by whichever names.
  package func isSameFile(as other: FileStatus) -> Bool { (device, inode) == (other.device, other.inode) }

  /// A path as the kernel sees it: absolute, without symbolic links. Throws what `realpath` says.
  package static func realPath(_ path: String) throws(SystemError) -> String {
    guard let resolved = unsafe realpath(path, nil) else {
      throw SystemError(operation: "find", subject: path, code: errno)
    }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}
