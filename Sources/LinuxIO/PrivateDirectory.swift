import Glibc

/// Directories that are one user's alone.
package enum PrivateDirectory {
  /// Whose directories these are: the process's effective user id.
  package static var user: UInt32 { geteuid() }

  /// Makes a directory with mode 0700 where there is none, and looks at what is there otherwise.
  ///
  /// - Throws: what `mkdir` says; EPERM when it is another user's or open to others; ENOTDIR when it is no directory, or
  ///   a link to one.
  package static func make(_ path: String) throws(SystemError) {
    if unsafe mkdir(path, 0o700) < 0 && errno != EEXIST {
      throw SystemError(operation: "make", subject: path, code: errno)
    }
    let status = try status(path)
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw SystemError(operation: "use", subject: path, code: ENOTDIR)
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw SystemError(operation: "use", subject: "\(path), which is not this user's alone", code: EPERM)
    }
  }

  /// Whether a directory is there and belongs to this user.
  package static func isOwn(_ path: String) -> Bool {
    guard let status = try? status(path) else { return false }
    return status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
  }

  private static func status(_ path: String) throws(SystemError) -> stat {
    var status = stat()
    try systemCall("look at", path) { unsafe lstat(path, &status) }
    return status
  }
}
