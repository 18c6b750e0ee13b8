import CLinux
import Glibc

/// A file without a name, for what is too much for memory: it vanishes with its owner, however that one ends.
package struct ScratchFile: ~Copyable {
  private let descriptor: Descriptor
  private let directory: String
  /// Bytes written so far.
  package private(set) var length: Int64 = 0

  /// Makes an empty file on the file system that `directory` is on.
  package init(directory: String) throws(SystemError) {
    self.directory = directory
    if let unnamed = try? Descriptor(opening: directory, CLinux_O_TMPFILE | O_RDWR) {
      descriptor = unnamed
      return
    }
    // Not every file system can make a file without a name: there it loses its name at once.
    let path = "\(directory)/.scratch-\(getpid())"
    descriptor = try Descriptor(opening: path, O_RDWR | O_CREAT | O_EXCL)
    unsafe unlink(path)
  }

  /// Adds bytes at the end; returns where they begin.
  package mutating func append(_ bytes: Span<UInt8>) throws(SystemError) -> Int64 {
    let start = length
    var done = 0
    while done < bytes.count {
      let taken = try systemCall("write a scratch file in", directory) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
          unsafe pwrite(
            descriptor.number, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[done...]).baseAddress,
            buffer.count - done, off_t(length))
        }
      }
      done += taken
      length += Int64(taken)
    }
    return start
  }

  /// Adds `count` bytes from `offset` on to the end of `bytes`.
  package func read(at offset: Int64, count: Int, appendingTo bytes: inout [UInt8]) throws(SystemError) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count))
    var done = 0
    while done < count {
      let taken = try systemCall("read a scratch file in", directory) {
        unsafe bytes.withUnsafeMutableBytes { buffer in
          unsafe pread(
            descriptor.number, UnsafeMutableRawBufferPointer(rebasing: buffer[(start + done)...]).baseAddress,
            count - done, off_t(offset) + off_t(done))
        }
      }
      guard taken > 0 else { throw SystemError(operation: "read a scratch file in", subject: directory, code: EIO) }
      done += taken
    }
  }
}
