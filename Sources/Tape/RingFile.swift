import Glibc

/// A ring's file, opened by whoever writes it or wants to: one process at a time, for the kernel's lock on it is freed
/// when its holder ends, however that happens.
package struct RingFile: ~Copyable, Sendable {
  package let path: String
  let descriptor: Int32

  /// Opens the file, or makes an empty one.
  package init(path: String) throws(TapeError) {
    self.path = path
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system(operation: "create", path: path, code: errno) }
  }

  deinit { close(descriptor) }

  /// Takes the lock; waits for as long as somebody else has it.
  package func lock() throws(TapeError) {
    while flock(descriptor, LOCK_EX) < 0 {
      guard errno == EINTR else { throw .system(operation: "lock", path: path, code: errno) }
    }
  }

  /// Takes the lock if nobody has it; whether it did.
  package func tryLock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// Bytes; 0 while nobody has made a ring of it.
  var size: Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return 0 }
    return Int(status.st_size)
  }

  /// Whether the path still stands for this file: else nobody reads what is written to it.
  package var isCurrent: Bool {
    var (mine, named) = (stat(), stat())
    guard unsafe fstat(descriptor, &mine) == 0, unsafe stat(path, &named) == 0 else { return false }
    return mine.st_ino == named.st_ino && mine.st_dev == named.st_dev
  }

  /// Asks a writer that has lost its parent to give the ring up to this process. Nothing happens where no ring is yet.
  package func announceHeir() {
    guard size >= RingFormat.headerSize,
      let memory = try? RingMemory(
        descriptor: descriptor, count: RingFormat.headerSize, isWritable: true, path: path)
    else { return }
    memory.release(UInt64(UInt32(bitPattern: getpid())), at: RingFormat.Header.heir)
    memory.unmap()
  }
}
