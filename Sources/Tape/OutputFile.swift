import Glibc

/// A file that takes its name only when it is complete. Until then it has none, so that nothing is left of it however
/// the process ends; on a file system that knows no such files it has a temporary one.
struct OutputFile: ~Copyable {
  let path: String
  /// What people know it by.
  private let tape: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var isNamed = false
  private var buffer: [UInt8] = []

  private static let bufferSize = 1 << 20

  /// The temporary name tells the process, so that two recorders never share one; errors name `tape`.
  init(path: String, of tape: String) throws(TapeError) {
    self.path = path
    self.tape = tape
    temporaryPath = "\(path).\(getpid()).part"
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    descriptor = unsafe open(directory, O_WRONLY | O_DIRECTORY | __O_TMPFILE | O_CLOEXEC, 0o644)
    if descriptor < 0 {
      descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      isNamed = true
    }
    guard descriptor >= 0 else { throw .system(operation: "create", path: tape, code: errno) }
    buffer.reserveCapacity(OutputFile.bufferSize)
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      if isNamed { unsafe unlink(temporaryPath) }
    }
  }

  mutating func write(_ bytes: Span<UInt8>) throws(TapeError) {
    unsafe bytes.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
    if buffer.count >= OutputFile.bufferSize { try flush() }
  }

  private mutating func flush() throws(TapeError) {
    var done = 0
    while done < buffer.count {
      let count = unsafe buffer.withUnsafeBytes { bytes in
        unsafe Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]).baseAddress, bytes.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system(operation: "write", path: tape, code: errno) }
      done += count
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Puts everything on the disk; the file does not have its name yet.
  mutating func synchronise() throws(TapeError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw .system(operation: "fsync", path: tape, code: errno) }
  }

  /// Gives the file its own name, over whatever had it.
  consuming func publish() throws(TapeError) {
    if !isNamed {
      // A file can be given a name that is free only: it goes by way of the temporary one to that of an older file.
      unsafe unlink(temporaryPath)
      let link = unsafe linkat(
        AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, temporaryPath, AT_SYMLINK_FOLLOW)
      guard link == 0 else { throw .system(operation: "link", path: tape, code: errno) }
      isNamed = true
    }
    guard unsafe rename(temporaryPath, path) == 0 else { throw .system(operation: "rename", path: tape, code: errno) }
    close(descriptor)
    descriptor = -1
  }
}
