import CLibAV

/// Frames in, coded packets out; owns an AVCodecContext.
@safe package struct Encoder: ~Copyable {
  private let context: UnsafeMutablePointer<AVCodecContext>
  private let name: String
  /// What sets right what the encoder writes; nil where nothing is wrong.
  private var correction: BitstreamFilter?
  /// The length of one tick of its frames' and packets' timestamps.
  package let timeBase: Rational

  /// Frames between key frames, where nobody asks for one (``Frame/setKey(_:)``).
  private static let longestGroup: Int32 = 250

  /// What to make. The same settings and frames give the same bytes, on any machine with the same libraries.
  package struct Settings: Sendable {
    /// libavcodec's name of the encoder: "libx264".
    package var encoder: String
    package var timeBase: Rational
    /// Bits a second; 0 leaves it to the encoder's quality setting.
    package var bitrate = 0
    /// Ceiling in bits a second over a buffer of `bufferSize` bits (ISO/IEC 14496-10 annex C); 0 is none.
    package var peakBitrate = 0
    package var bufferSize = 0
    package var threads = 1
    package var closedGroups = true
    package var profile: String?
    /// The encoder's own options: "preset", "crf".
    package var options: [(String, String)] = []

    package init(encoder: String, timeBase: Rational) {
      self.encoder = encoder
      self.timeBase = timeBase
    }
  }

  /// Opens an encoder for frames such as `graph` puts out.
  package init(_ settings: Settings, for graph: borrowing FilterGraph) throws(LibAVError) {
    let name = settings.encoder
    guard let codec = unsafe avcodec_find_encoder_by_name(name) else {
      throw LibAVError(operation: "encode with", subject: name, code: CLIBAV_ENCODER_NOT_FOUND)
    }
    var made = unsafe avcodec_alloc_context3(codec)
    guard let context = unsafe made else { throw .noMemory("the encoder \(name)") }
    unsafe graph.describe(context)
    unsafe context.pointee.time_base = settings.timeBase.av
    unsafe context.pointee.bit_rate = Int64(settings.bitrate)
    unsafe context.pointee.rc_max_rate = Int64(settings.peakBitrate)
    unsafe context.pointee.rc_buffer_size = Int32(clamping: settings.bufferSize)
    unsafe context.pointee.gop_size = Encoder.longestGroup
    unsafe context.pointee.thread_count = Int32(clamping: settings.threads)
    unsafe context.pointee.flags |= Int32(AV_CODEC_FLAG_BITEXACT)
    if settings.closedGroups { unsafe context.pointee.flags |= Int32(bitPattern: AV_CODEC_FLAG_CLOSED_GOP) }
    var options: OpaquePointer?
    defer { unsafe av_dict_free(&options) }
    for (key, value) in settings.options { unsafe av_dict_set(&options, key, value, 0) }
    if let profile = settings.profile { unsafe av_dict_set(&options, "profile", profile, 0) }
    let status = unsafe avcodec_open2(context, codec, &options)
    guard status >= 0 else {
      unsafe avcodec_free_context(&made)
      throw LibAVError(operation: "encode with", subject: name, code: status)
    }
    do {
      correction = unsafe try Encoder.correction(of: context, name, timeBase: settings.timeBase)
    } catch {
      unsafe avcodec_free_context(&made)
      throw error
    }
    unsafe self.context = context
    self.name = name
    timeBase = settings.timeBase
  }

  /// libx264 gives its time base for the rate of pictures, 90,000 a second: a receiver that goes by it takes DTS for
  /// damaged that run ahead of PTS by more than a little. Two ticks are a picture (ISO/IEC 14496-10 §E.2.1).
  private static func correction(
    of context: UnsafeMutablePointer<AVCodecContext>, _ name: String, timeBase: Rational
  ) throws(LibAVError) -> BitstreamFilter? {
    let rate = unsafe context.pointee.framerate
    guard name == "libx264", rate.num > 0, rate.den > 0, rate.num < .max / 2 else { return nil }
    var made = unsafe avcodec_parameters_alloc()
    defer { unsafe avcodec_parameters_free(&made) }
    guard let parameters = unsafe made else { throw .noMemory("codec parameters") }
    try LibAVError.check(unsafe avcodec_parameters_from_context(parameters, context), "describe", name)
    let copy = unsafe try CodecParameters(copying: parameters)
    return try BitstreamFilter(
      "h264_metadata=tick_rate=\(rate.num * 2)/\(rate.den)", parameters: copy, timeBase: timeBase)
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe context
    unsafe avcodec_free_context(&context)
  }

  /// Samples (per channel) the encoder takes in one frame; 0 when it takes any number, or pictures.
  package var frameSize: Int { unsafe Int(context.pointee.frame_size) }

  /// What the stream it makes is like.
  package func parameters() throws(LibAVError) -> CodecParameters {
    var made = unsafe avcodec_parameters_alloc()
    defer { unsafe avcodec_parameters_free(&made) }
    guard let parameters = unsafe made else { throw .noMemory("codec parameters") }
    try LibAVError.check(unsafe avcodec_parameters_from_context(parameters, context), "describe", name)
    return unsafe try CodecParameters(copying: parameters)
  }

  /// Hands in one frame.
  package mutating func send(_ frame: borrowing Frame) throws(LibAVError) {
    try LibAVError.check(unsafe avcodec_send_frame(context, frame.av), "encode with", name)
  }

  /// Says that no more will come, so that the last packets come out.
  package mutating func finish() { _ = unsafe avcodec_send_frame(context, nil) }

  /// Takes out the next packet; false when it wants more input or is done.
  package mutating func receive(into packet: inout Packet) throws(LibAVError) -> Bool {
    let status = unsafe avcodec_receive_packet(context, packet.av)
    if status == CLIBAV_EAGAIN || status == CLIBAV_EOF { return false }
    try LibAVError.check(status, "encode with", name)
    guard correction != nil else { return true }
    // It keeps nothing back: a packet in, a packet out.
    try correction?.send(&packet)
    return try correction?.receive(into: &packet) ?? true
  }
}
