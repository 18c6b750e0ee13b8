import Glibc

/// A file mapped read-only for as long as this object lives.
///
/// Its bytes may change or vanish under it, as anything on a disk may: readers copy first and check afterwards.
@safe final class MappedFile: Sendable {
  let path: String
  let count: Int
  private nonisolated(unsafe) let base: UnsafeRawPointer

  init(path: String) throws(TapeError) {
    self.path = path
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(operation: "stat", path: path, code: errno) }
    count = Int(status.st_size)
    guard count > 0 else { throw .damaged(path: path, why: "it is empty") }
    let address = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .system(operation: "map", path: path, code: errno)
    }
    unsafe base = UnsafeRawPointer(address)
  }

  deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }

  /// A little-endian integer; 0 where any of its bytes lies outside of the file.
  func load<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T {
    guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return 0 }
    return T(littleEndian: unsafe base.loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  /// Copies `length` bytes from `offset` to the start of `target`; false where either does not have them.
  func copy(_ length: Int, from offset: Int, to target: inout MutableSpan<UInt8>) -> Bool {
    guard length >= 0, offset >= 0, offset <= count - length, length <= target.count else { return false }
    unsafe target.withUnsafeMutableBytes { unsafe $0.copyMemory(from: .init(start: base + offset, count: length)) }
    return true
  }

  func withBytes<R>(from offset: Int, count length: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
    guard length >= 0, offset >= 0, offset <= count - length else { return nil }
    return unsafe body(UnsafeRawBufferPointer(start: base + offset, count: length))
  }

  private static let page = 4_096

  /// Asks the kernel to read these bytes soon, so that nobody waits for the disk when they are wanted.
  func prefetch(_ range: Range<Int>) { advise(range, MADV_WILLNEED) }

  /// Lets go of these bytes: they leave this process's resident memory, not the page cache.
  func release(_ range: Range<Int>) { advise(range, MADV_DONTNEED) }

  private func advise(_ range: Range<Int>, _ advice: Int32) {
    let range = range.clamped(to: 0..<count)
    let start = range.lowerBound & ~(MappedFile.page - 1)
    guard !range.isEmpty else { return }
    unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, advice)
  }
}
