import CLibAV

/// A change of how a coded stream is written down, without decoding it; owns an AVBSFContext.
@safe package struct BitstreamFilter: ~Copyable {
  private let context: UnsafeMutablePointer<AVBSFContext>
  private let name: String

  /// `name` as libavcodec's: "h264_mp4toannexb".
  package init(_ name: String, parameters: borrowing CodecParameters, timeBase: Rational) throws(LibAVError) {
    var made: UnsafeMutablePointer<AVBSFContext>?
    try LibAVError.check(unsafe av_bsf_list_parse_str(name, &made), "find", "the bitstream filter \(name)")
    guard let context = unsafe made else { throw .noMemory(name) }
    var status = unsafe avcodec_parameters_copy(context.pointee.par_in, parameters.av)
    unsafe context.pointee.time_base_in = timeBase.av
    if status >= 0 { status = unsafe av_bsf_init(context) }
    guard status >= 0 else {
      unsafe av_bsf_free(&made)
      throw LibAVError(operation: "start", subject: name, code: status)
    }
    unsafe self.context = context
    self.name = name
  }

  deinit {
    var context: UnsafeMutablePointer<AVBSFContext>? = unsafe context
    unsafe av_bsf_free(&context)
  }

  /// What the stream is like behind the filter.
  package func parameters() throws(LibAVError) -> CodecParameters {
    unsafe try CodecParameters(copying: context.pointee.par_out)
  }

  /// Hands in one packet, which it empties.
  package mutating func send(_ packet: inout Packet) throws(LibAVError) {
    try LibAVError.check(unsafe av_bsf_send_packet(context, packet.av), "apply", name)
  }

  /// Says that no more will come.
  package mutating func finish() { _ = unsafe av_bsf_send_packet(context, nil) }

  /// Takes out the next packet; false when it wants more input or is done.
  package mutating func receive(into packet: inout Packet) throws(LibAVError) -> Bool {
    packet.clear()
    let status = unsafe av_bsf_receive_packet(context, packet.av)
    if status == CLIBAV_EAGAIN || status == CLIBAV_EOF { return false }
    try LibAVError.check(status, "apply", name)
    return true
  }
}
