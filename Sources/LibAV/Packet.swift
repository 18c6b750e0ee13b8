import CLibAV

/// One coded piece of a stream (an access unit, some audio frames); owns an AVPacket that is used over and over.
@safe package struct Packet: ~Copyable {
  let av: UnsafeMutablePointer<AVPacket>

  package init() throws(LibAVError) {
    guard let packet = unsafe av_packet_alloc() else { throw .noMemory("a packet") }
    unsafe av = packet
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = unsafe av
    unsafe av_packet_free(&packet)
  }

  /// Which of the demuxer's (or the muxer's) streams it belongs to.
  package var streamIndex: Int { unsafe Int(av.pointee.stream_index) }
  /// In bytes.
  package var size: Int { unsafe Int(av.pointee.size) }
  /// Decoding can begin here.
  package var isKey: Bool { unsafe av.pointee.flags & AV_PKT_FLAG_KEY != 0 }
  /// Needed to decode others, but an edit list says it is not to be shown.
  package var isDiscard: Bool { unsafe av.pointee.flags & AV_PKT_FLAG_DISCARD != 0 }
  /// The demuxer knows it to be damaged.
  package var isCorrupt: Bool { unsafe av.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }

  /// Presentation time in ticks of the stream's time base; nil where the container does not say.
  package var pts: Int64? {
    get { unsafe Packet.known(av.pointee.pts) }
    set { unsafe av.pointee.pts = newValue ?? CLIBAV_NOPTS }
  }

  /// Decoding time, as `pts`.
  package var dts: Int64? {
    get { unsafe Packet.known(av.pointee.dts) }
    set { unsafe av.pointee.dts = newValue ?? CLIBAV_NOPTS }
  }

  /// In ticks of the stream's time base; 0 when unknown.
  package var duration: Int64 {
    get { unsafe max(0, av.pointee.duration) }
    set { unsafe av.pointee.duration = newValue }
  }

  static func known(_ timestamp: Int64) -> Int64? { timestamp == CLIBAV_NOPTS ? nil : timestamp }

  /// Moves both timestamps by `ticks` of the stream's time base.
  package mutating func shift(by ticks: Int64) {
    if let pts = pts { unsafe av.pointee.pts = pts &+ ticks }
    if let dts = dts { unsafe av.pointee.dts = dts &+ ticks }
  }

  /// The payload, for the length of the call.
  package func withBytes<Failure: Error, Result>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let buffer = unsafe UnsafeBufferPointer(start: av.pointee.data, count: Int(av.pointee.size))
    return try unsafe body(buffer.span)
  }

  /// Replaces what is there by a copy of `bytes`, with times in ticks of the receiving stream's time base.
  package mutating func fill(
    _ bytes: Span<UInt8>, streamIndex: Int, pts: Int64, dts: Int64, isKey: Bool
  ) throws(LibAVError) {
    unsafe av_packet_unref(av)
    try LibAVError.check(unsafe av_new_packet(av, Int32(clamping: bytes.count)), "allocate", "a packet")
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress, let target = unsafe av.pointee.data else { return }
      unsafe target.update(from: base, count: source.count)
    }
    unsafe av.pointee.stream_index = Int32(clamping: streamIndex)
    unsafe av.pointee.pts = pts
    unsafe av.pointee.dts = dts
    unsafe av.pointee.flags = isKey ? AV_PKT_FLAG_KEY : 0
  }

  /// Becomes another name for what `other` holds.
  package mutating func refer(to other: borrowing Packet) throws(LibAVError) {
    unsafe av_packet_unref(av)
    try LibAVError.check(unsafe av_packet_ref(av, other.av), "share", "a packet")
  }

  /// Gives the payload back to libav.
  package mutating func clear() { unsafe av_packet_unref(av) }
}
