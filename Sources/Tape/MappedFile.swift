import Glibc

/// A file mapped read-only for as long as this object lives.
@safe final class MappedFile: Sendable {
  /// Which file a path stood for. Another one in its place has another number, for this one's is not free while it is mapped.
  struct Identity: Hashable, Sendable {
    let device: UInt64
    let number: UInt64

    fileprivate init(_ status: stat) {
      device = UInt64(status.st_dev)
      number = UInt64(status.st_ino)
    }

    /// Nil when there is no such file.
    init?(path: String) {
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return nil }
      self.init(status)
    }
  }

  let path: String
  let identity: Identity
  let bytes: MappedBytes

  init(path: String) throws(TapeError) {
    self.path = path
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(operation: "stat", path: path, code: errno) }
    identity = Identity(status)
    let count = Int(status.st_size)
    guard count > 0 else { throw .damaged(path: path, why: "it is empty") }
    let address = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .system(operation: "map", path: path, code: errno)
    }
    unsafe bytes = MappedBytes(base: address, count: count)
  }

  deinit { bytes.unmap() }
}

/// Where a mapped file's bytes lie, as a plain value: reading through it counts no references, so whoever keeps one keeps
/// its ``MappedFile`` too.
///
/// The bytes may change or vanish at any time, as anything on a disk may: readers copy first and check afterwards.
@safe struct MappedBytes: Sendable {
  let count: Int
  private nonisolated(unsafe) let base: UnsafeRawPointer

  fileprivate init(base: UnsafeMutableRawPointer, count: Int) {
    self.count = count
    unsafe self.base = UnsafeRawPointer(base)
  }

  fileprivate func unmap() { unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }

  /// A little-endian integer; 0 where any of its bytes lies outside of the file.
  @inline(__always)
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

  /// Asks the kernel to read these bytes soon; does not wait for them.
  func prefetch(_ range: Range<Int>) { _ = advise(range, MADV_WILLNEED) }

  /// Lets go of these bytes: they leave this process's resident memory, not the page cache.
  func release(_ range: Range<Int>) { _ = advise(range, MADV_DONTNEED) }

  /// Whether all of these bytes are in the page cache, so that nobody who reads them waits for a disk.
  func isCached(_ range: Range<Int>) -> Bool {
    guard let (start, length) = pages(range) else { return true }
    return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: (length + Self.page - 1) / Self.page) { map in
      guard unsafe mincore(UnsafeMutableRawPointer(mutating: base + start), length, map.baseAddress) == 0 else {
        return false
      }
      return unsafe map.allSatisfy { $0 & 1 == 1 }
    }
  }

  /// Enters cached pages into this process's page tables, so that reading them does not even fault; false when one of them
  /// cannot be had. A kernel before 5.14 does not know how: there, reading them does fault, but waits for nothing.
  func populate(_ range: Range<Int>) -> Bool {
    let populateRead: Int32 = 22  // MADV_POPULATE_READ
    return advise(range, populateRead) || errno == EINVAL
  }

  /// Whole pages: where they start, and up to where they reach within the file.
  private func pages(_ range: Range<Int>) -> (start: Int, length: Int)? {
    let range = range.clamped(to: 0..<count)
    guard !range.isEmpty else { return nil }
    let start = range.lowerBound & ~(Self.page - 1)
    return (start, range.upperBound - start)
  }

  private func advise(_ range: Range<Int>, _ advice: Int32) -> Bool {
    guard let (start, length) = pages(range) else { return true }
    return unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), length, advice) == 0
  }
}
