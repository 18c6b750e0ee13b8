import CLibAV

/// libavformat's MPEG transport stream muxer, writing at a constant rate into memory; owns an AVFormatContext.
///
/// Packet i of its output begins exactly i * 188 * 8 / rate seconds after the first, nulls included, and each PCR says
/// when its own eleventh byte leaves (ISO/IEC 13818-1, 2.4.2.2). It sends a packet as soon as its DTS is at most
/// `leadIn` away.
@safe package struct TSMuxer: ~Copyable {
  private let context: UnsafeMutablePointer<AVFormatContext>
  private let output: Output
  private var packet: Packet

  /// What the muxer has written since it was last emptied.
  private final class Output { var bytes: [UInt8] = [] }

  package struct Settings: Sendable {
    /// Bits a second of the whole multiplex.
    package var rate: Int
    /// In microseconds, between a packet's sending and its DTS, at most.
    package var leadIn: Int
    /// In milliseconds.
    package var pcrPeriod: Int
    package var pmtPID: UInt16

    package init(rate: Int, leadIn: Int, pcrPeriod: Int, pmtPID: UInt16) {
      self.rate = rate
      self.leadIn = leadIn
      self.pcrPeriod = pcrPeriod
      self.pmtPID = pmtPID
    }
  }

  package init(_ settings: Settings) throws(LibAVError) {
    let packet = try Packet()
    let output = Output()
    let context = unsafe try TSMuxer.open(settings, output)
    self.packet = packet
    self.output = output
    unsafe self.context = context
  }

  private static func open(
    _ settings: Settings, _ output: Output
  ) throws(LibAVError) -> UnsafeMutablePointer<AVFormatContext> {
    var made: UnsafeMutablePointer<AVFormatContext>?
    try LibAVError.check(
      unsafe avformat_alloc_output_context2(&made, nil, "mpegts", nil), "start", "the transport stream muxer")
    guard let context = unsafe made else { throw .noMemory("a muxer") }
    let size: Int32 = 188 * 64
    guard let buffer = unsafe av_malloc(Int(size)) else {
      unsafe avformat_free_context(context)
      throw .noMemory("a muxer's buffer")
    }
    unsafe context.pointee.pb = avio_alloc_context(
      buffer.assumingMemoryBound(to: UInt8.self), size, 1, Unmanaged.passUnretained(output).toOpaque(), nil,
      { opaque, bytes, count in
        guard let opaque = unsafe opaque, let bytes = unsafe bytes, count > 0 else { return 0 }
        let output = unsafe Unmanaged<Output>.fromOpaque(opaque).takeUnretainedValue()
        unsafe output.bytes.append(contentsOf: UnsafeBufferPointer(start: bytes, count: Int(count)))
        return count
      }, nil)
    guard unsafe context.pointee.pb != nil else {
      unsafe av_free(buffer)
      unsafe avformat_free_context(context)
      throw .noMemory("a muxer's output")
    }
    unsafe context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT
    unsafe context.pointee.max_delay = Int32(clamping: settings.leadIn)
    for (key, value) in [
      ("muxrate", settings.rate), ("mpegts_copyts", 1), ("pcr_period", settings.pcrPeriod),
      ("mpegts_pmt_start_pid", Int(settings.pmtPID)), ("pes_payload_size", 0),
    ] {
      try LibAVError.check(
        unsafe av_opt_set_int(context.pointee.priv_data, key, Int64(value), 0), "set", "the muxer's \(key)")
    }
    // Tables stand at the start, and (there is no way round that) before key frames: nowhere else do they make others wait.
    for key in ["pat_period", "sdt_period"] {
      try LibAVError.check(unsafe av_opt_set(context.pointee.priv_data, key, "86400", 0), "set", "the muxer's \(key)")
    }
    return unsafe context
  }

  deinit {
    if let io = unsafe context.pointee.pb {
      unsafe av_freep(&io.pointee.buffer)
      unsafe avio_context_free(&context.pointee.pb)
    }
    unsafe avformat_free_context(context)
  }

  /// Adds a stream; its packets are addressed by the order of these calls.
  package mutating func add(
    _ parameters: borrowing CodecParameters, pid: UInt16, language: String?
  ) throws(LibAVError) {
    guard let stream = unsafe avformat_new_stream(context, nil) else { throw .noMemory("a stream") }
    try LibAVError.check(
      unsafe avcodec_parameters_copy(stream.pointee.codecpar, parameters.av), "add", "a stream to the multiplex")
    unsafe stream.pointee.codecpar.pointee.codec_tag = 0
    unsafe stream.pointee.id = Int32(pid)
    unsafe stream.pointee.time_base = Rational.ninetyKilohertz.av
    if let language { unsafe av_dict_set(&stream.pointee.metadata, "language", language, 0) }
  }

  /// After the last stream, before the first packet.
  package mutating func start() throws(LibAVError) {
    try LibAVError.check(unsafe avformat_write_header(context, nil), "start", "the transport stream")
  }

  /// Sends one PES packet, with times in 90 kHz units, after as many others as its DTS asks for.
  package mutating func write(
    _ bytes: Span<UInt8>, stream: Int, pts: Int64, dts: Int64, isKey: Bool
  ) throws(LibAVError) {
    try packet.fill(bytes, streamIndex: stream, pts: pts, dts: dts, isKey: isKey)
    try LibAVError.check(unsafe av_write_frame(context, packet.av), "write", "the transport stream")
    // Else it would keep small audio packets back, to put several into one.
    try LibAVError.check(unsafe av_write_frame(context, nil), "write", "the transport stream")
    unsafe avio_flush(context.pointee.pb)
  }

  /// Hands over what has been written since the last call: whole packets.
  package mutating func drain<Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Void) throws(Failure) {
    var taken: [UInt8] = []
    swap(&taken, &output.bytes)
    defer {
      taken.removeAll(keepingCapacity: true)
      swap(&taken, &output.bytes)
    }
    try body(taken.span)
  }
}
