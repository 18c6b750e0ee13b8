import CLibAV

/// Coded packets in, frames out; owns an AVCodecContext.
@safe package struct Decoder: ~Copyable {
  private let context: UnsafeMutablePointer<AVCodecContext>
  private let name: String

  /// More picture elements than an 8K frame has are taken for damage, not for a picture.
  private static let mostPixels: Int64 = 8192 * 4352

  /// - Parameter isLive: hand frames out as soon as they can be, rather than work on several at once.
  package init(
    _ parameters: borrowing CodecParameters, timeBase: Rational, isLive: Bool = false
  ) throws(LibAVError) {
    let id = unsafe parameters.av.pointee.codec_id
    let name = unsafe LibAV.text(avcodec_get_name(id)) ?? "unknown"
    guard let codec = unsafe avcodec_find_decoder(id) else {
      throw LibAVError(operation: "decode", subject: name, code: CLIBAV_DECODER_NOT_FOUND)
    }
    var made = unsafe avcodec_alloc_context3(codec)
    guard let context = unsafe made else { throw .noMemory("a \(name) decoder") }
    var status = unsafe avcodec_parameters_to_context(context, parameters.av)
    unsafe context.pointee.pkt_timebase = timeBase.av
    unsafe context.pointee.thread_count = 2
    if isLive { unsafe context.pointee.thread_type = FF_THREAD_SLICE }
    unsafe context.pointee.max_pixels = Decoder.mostPixels
    if status >= 0 { status = unsafe avcodec_open2(context, codec, nil) }
    guard status >= 0 else {
      unsafe avcodec_free_context(&made)
      throw LibAVError(operation: "decode", subject: name, code: status)
    }
    unsafe self.context = context
    self.name = name
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe context
    unsafe avcodec_free_context(&context)
  }

  /// Hands in one packet. Throws when it is beyond use; the next may well be good.
  package mutating func send(_ packet: borrowing Packet) throws(LibAVError) {
    try LibAVError.check(unsafe avcodec_send_packet(context, packet.av), "decode", name)
  }

  /// Says that no more will come, so that the last frames come out.
  package mutating func finish() { _ = unsafe avcodec_send_packet(context, nil) }

  /// Takes out the next frame; false when it wants more input or is done.
  package mutating func receive(into frame: inout Frame) throws(LibAVError) -> Bool {
    let status = unsafe avcodec_receive_frame(context, frame.av)
    if status == CLIBAV_EAGAIN || status == CLIBAV_EOF { return false }
    try LibAVError.check(status, "decode", name)
    return true
  }
}
