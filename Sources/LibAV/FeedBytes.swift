import CLibAV

/// Bytes for a demuxer that do not come by one of libav's own protocols: what a socket of ours brings.
package protocol FeedBytes: AnyObject {
  /// Waits for bytes for some tens of milliseconds at most, and takes as many as are there and fit.
  /// - Returns: how many; 0 when none came yet; nil at the end.
  func read(into bytes: inout MutableSpan<UInt8>) -> Int?
}

/// libav's view of ``FeedBytes``; owns an AVIOContext.
@safe final class FeedReader {
  private(set) var av: UnsafeMutablePointer<AVIOContext>
  private let bytes: any FeedBytes
  private let watch: FeedWatch

  init(_ bytes: any FeedBytes, _ watch: FeedWatch) throws(LibAVError) {
    self.bytes = bytes
    self.watch = watch
    let size = 188 * 7 * 8
    guard let buffer = unsafe av_malloc(size) else { throw .noMemory("a feed's buffer") }
    let made = unsafe avio_alloc_context(buffer.assumingMemoryBound(to: UInt8.self), Int32(size), 0, nil, nil, nil, nil)
    guard let made = unsafe made else {
      unsafe av_free(buffer)
      throw .noMemory("a feed's input")
    }
    unsafe av = made
    unsafe made.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
    unsafe made.pointee.read_packet = { opaque, buffer, count in
      guard let opaque = unsafe opaque, let buffer = unsafe buffer, count > 0 else { return CLIBAV_EINVAL }
      let reader = unsafe Unmanaged<FeedReader>.fromOpaque(opaque).takeUnretainedValue()
      var span = unsafe UnsafeMutableBufferPointer(start: buffer, count: Int(count)).mutableSpan
      while !reader.watch.isOver {
        guard let count = reader.bytes.read(into: &span) else { return CLIBAV_EOF }
        if count > 0 { return Int32(count) }
      }
      return CLIBAV_EXIT
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVIOContext>? = unsafe av
    unsafe av_freep(&av.pointee.buffer)
    unsafe avio_context_free(&context)
  }
}
