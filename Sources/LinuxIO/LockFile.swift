import Glibc

/// A lock that one process of this machine holds, in a file that says which. The kernel frees it when the holder ends,
/// however it ends, so a file left behind locks nothing.
package struct LockFile: ~Copyable, Sendable {
  private let file: Descriptor

  /// Takes the lock at once or throws: EWOULDBLOCK, with the holder's pid in the subject, when another process has it.
  package init(path: String) throws(SystemError) {
    let file = try Descriptor(opening: path, O_RDWR | O_CREAT)
    do {
      try systemCall("lock", path) { flock(file.number, LOCK_EX | LOCK_NB) }
    } catch {
      guard error.code == EWOULDBLOCK, let holder = Self.holder(path: path) else { throw error }
      throw SystemError(operation: "lock", subject: "\(path), held by process \(holder)", code: error.code)
    }
    try systemCall("empty", path) { ftruncate(file.number, 0) }
    try DescriptorIO.writeAll(Array("\(getpid())\n".utf8).span, to: file.number)
    self.file = file
  }

  /// The pid in a lock file: of the process that holds it, or of the last that did.
  package static func holder(path: String) -> Int32? {
    guard let file = try? Descriptor(opening: path, O_RDONLY) else { return nil }
    var text = [UInt8](repeating: 0, count: 16)
    let count = unsafe read(file.number, &text, text.count)
    return Int32(String(decoding: text.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}

/// A lock that is held for as long as somebody refers to it.
package final class HeldLock: Sendable {
  private let file: LockFile

  /// Takes over a lock.
  package init(_ file: consuming LockFile) { self.file = file }
}
