import Glibc
import Synchronization

/// A ring's file in memory: fields that several processes read and write at once, and bytes between them.
///
/// A plain value, so that reading through it counts no references; whoever keeps one keeps its owner too. Every access is
/// held against the file's bounds.
@safe struct RingMemory: Sendable {
  let count: Int
  private nonisolated(unsafe) let base: UnsafeMutableRawPointer

  /// Maps the first `count` bytes of an open file.
  init(descriptor: Int32, count: Int, isWritable: Bool, path: String) throws(TapeError) {
    let protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ
    let address = unsafe mmap(nil, count, protection, MAP_SHARED, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .system(operation: "map", path: path, code: errno)
    }
    self.count = count
    unsafe base = address
  }

  func unmap() { unsafe munmap(base, count) }

  @inline(__always)
  private func has(_ length: Int, at offset: Int) -> Bool { offset >= 0 && offset <= count - length }

  /// A field in the machine's byte order; 0 outside of the file.
  @inline(__always)
  func load<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T {
    guard has(MemoryLayout<T>.size, at: offset) else { return 0 }
    return unsafe base.loadUnaligned(fromByteOffset: offset, as: T.self)
  }

  @inline(__always)
  func store<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    guard has(MemoryLayout<T>.size, at: offset) else { return }
    unsafe base.storeBytes(of: value, toByteOffset: offset, as: T.self)
  }

  /// What was stored there with ``release(_:at:)``, and all that its writer had written before. `offset` is a multiple of 8.
  @inline(__always)
  func acquire(at offset: Int) -> UInt64 {
    guard has(8, at: offset), offset & 7 == 0 else { return 0 }
    return unsafe atomic(at: offset).pointee.load(ordering: .acquiring)
  }

  /// Stores a field after everything that was written before. `offset` is a multiple of 8.
  @inline(__always)
  func release(_ value: UInt64, at offset: Int) {
    guard has(8, at: offset), offset & 7 == 0 else { return }
    unsafe atomic(at: offset).pointee.store(value, ordering: .releasing)
  }

  @inline(__always)
  private func atomic(at offset: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    unsafe (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  /// Copies `length` bytes to the start of `target`; false where either does not have them.
  func copy(_ length: Int, from offset: Int, to target: inout MutableSpan<UInt8>) -> Bool {
    guard length >= 0, has(length, at: offset), length <= target.count else { return false }
    unsafe target.withUnsafeMutableBytes { unsafe $0.copyMemory(from: .init(start: base + offset, count: length)) }
    return true
  }

  /// Copies all of `source` to `offset` and after; nothing, if it does not fit.
  func write(_ source: Span<UInt8>, at offset: Int) {
    guard has(source.count, at: offset) else { return }
    unsafe source.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      unsafe (base + offset).copyMemory(from: start, byteCount: bytes.count)
    }
  }

  func bytes(_ length: Int, from offset: Int) -> [UInt8]? {
    guard length >= 0, has(length, at: offset) else { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: base + offset, count: length))
  }
}
