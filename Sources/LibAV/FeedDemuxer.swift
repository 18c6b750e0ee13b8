import CLibAV
import Glibc

/// A stream out of the network being read; owns an AVFormatContext.
///
/// Nothing here waits without an end: opening and each read have a number of seconds, and whoever asks it to stop is
/// heard within a tenth of one. (What is not libav's but the resolver's has the resolver's own bound, set below.)
@safe package struct FeedDemuxer: ~Copyable {
  private let context: UnsafeMutablePointer<AVFormatContext>
  private let watch: FeedWatch
  private let gate: ConnectGate
  private let reader: FeedReader?
  private let name: String
  /// How far its bytes had been read when it was open.
  private let opened: Int64

  /// Where from.
  package struct Address: Sendable {
    /// As libav is to dial it.
    package var url: String
    /// Whose own addresses are open to the feed whatever they are; the host of `url`.
    package var host: String
    package var port: UInt16
    /// What people are shown: no secrets.
    package var shown: String
    package var kind: Kind

    /// The protocol's own, by libav's names: what a URL has no safe way to say.
    package var options: [(String, String)]

    package enum Kind: Sendable { case rtsp, http, srt }

    package init(
      url: String, host: String, port: UInt16, shown: String, kind: Kind, options: [(String, String)] = []
    ) {
      self.options = options
      self.url = url
      self.host = host
      self.port = port
      self.shown = shown
      self.kind = kind
    }
  }

  /// What is let in over HTTP: streams, HLS playlists, and the containers that segments and downloads come in. Scripts
  /// and descriptions that make libav open sockets or files (concat, SDP, DASH, image sequences) are not.
  private static let formats =
    "hls,mpegts,mp3,aac,ac3,eac3,ogg,flac,wav,flv,live_flv,matroska,webm,mov,mp4,mpeg,mpegvideo,h264,hevc,mjpeg,mpjpeg"

  /// How much of the stream is looked at before it is said what it is made of, microseconds of it.
  private static let analysis: Int64 = 500_000
  /// How far ahead a transport stream's program map may be, bytes: at 60 Mb/s, more than two seconds.
  private static let farthestMap: Int64 = 16 << 20

  /// Opens a feed by one of libav's protocols and finds out what it is made of.
  /// - Parameters:
  ///   - seconds: for all of it.
  ///   - isStopped: asked on this thread while it waits.
  package init(
    _ address: Address, within seconds: Double, isStopped: @escaping @Sendable () -> Bool
  ) throws(FeedError) {
    _ = FeedDemuxer.surroundings
    guard ConnectGate.stands else { throw FeedError(.unguarded, address.shown) }
    let own = PeerAddress.resolve(address.host, port: address.port)
    // SRT may wait to be called, on any address.
    if own.isEmpty, !address.host.isEmpty { throw FeedError(.unknownHost, address.shown) }
    let rule = PeerRule(own: Set(own), isLocal: FeedDemuxer.isLocal(address.host))
    let protocols: String
    var options: [(String, String)]
    var format: String?
    switch address.kind {
    case .rtsp:
      protocols = "tcp,tls"
      // Over the connection that the camera is asked on: no port to open, nothing lost, and no other host to send to.
      options = [("rtsp_transport", "tcp"), ("allowed_media_types", "video+audio")]
      format = "rtsp"
    case .http:
      protocols = "http,https,tcp,tls,crypto"
      options = [("format_whitelist", FeedDemuxer.formats), ("max_reload", "10"), ("m3u8_hold_counters", "30")]
    case .srt:
      protocols = "srt"
      options = []
      format = "mpegts"
    }
    options += address.options
    options.append(("protocol_whitelist", protocols))
    try self.init(
      address.kind == .srt ? nil : address.host, url: address.url, name: address.shown, format: format,
      options: options, rule: rule, bytes: nil, within: seconds, isStopped: isStopped)
  }

  /// Opens a transport stream that a socket of ours brings.
  /// - Parameter name: of the feed, as people are shown it.
  package init(
    transportStream bytes: any FeedBytes, name: String, within seconds: Double,
    isStopped: @escaping @Sendable () -> Bool
  ) throws(FeedError) {
    try self.init(
      nil, url: "", name: name, format: "mpegts", options: [("protocol_whitelist", "none")],
      rule: PeerRule(own: [], isLocal: false), bytes: bytes, within: seconds, isStopped: isStopped)
  }

  private init(
    _ host: String?, url: String, name: String, format: String?, options: [(String, String)], rule: PeerRule,
    bytes: (any FeedBytes)?, within seconds: Double, isStopped: @escaping @Sendable () -> Bool
  ) throws(FeedError) {
    let watch = FeedWatch(isStopped: isStopped)
    let gate = ConnectGate(rule, watch)
    watch.allow(seconds)
    var made = unsafe avformat_alloc_context()
    guard let context = unsafe made else { throw FeedError(.libav(CLIBAV_ENOMEM), name) }
    var reader: FeedReader?
    do throws(LibAVError) {
      reader = if let bytes { try FeedReader(bytes, watch) } else { nil }
    } catch {
      unsafe avformat_free_context(context)
      throw FeedError(.libav(error.code), name)
    }
    unsafe context.pointee.interrupt_callback = AVIOInterruptCB(
      callback: { opaque in
        guard let opaque = unsafe opaque else { return 1 }
        return unsafe Unmanaged<FeedWatch>.fromOpaque(opaque).takeUnretainedValue().isOver ? 1 : 0
      }, opaque: Unmanaged.passUnretained(watch).toOpaque())
    unsafe context.pointee.max_delay = 0
    unsafe context.pointee.probesize = FeedDemuxer.farthestMap
    unsafe context.pointee.max_analyze_duration = FeedDemuxer.analysis
    unsafe context.pointee.fps_probe_size = 0
    unsafe context.pointee.max_streams = 64
    if let reader {
      unsafe context.pointee.pb = reader.av
      unsafe context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
    }
    unsafe FeedDemuxer.wrapOpening(of: context)
    var dictionary: OpaquePointer?
    defer { unsafe av_dict_free(&dictionary) }
    for (key, value) in options + FeedDemuxer.always { unsafe av_dict_set(&dictionary, key, value, 0) }
    var status = gate.guarding {
      unsafe avformat_open_input(&made, url, format.flatMap { unsafe av_find_input_format($0) }, &dictionary)
    }
    guard status >= 0 else { throw FeedDemuxer.failure(status, name, watch, gate) }
    if unsafe !FeedDemuxer.isDescribed(context) {
      status = gate.guarding { unsafe avformat_find_stream_info(context, nil) }
    }
    guard status >= 0 else {
      unsafe avformat_close_input(&made)
      throw FeedDemuxer.failure(status, name, watch, gate)
    }
    unsafe self.context = context
    opened = unsafe FeedDemuxer.position(context)
    self.watch = watch
    self.gate = gate
    self.reader = reader
    self.name = name
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = unsafe context
    // RTSP says goodbye: not for long.
    watch.allow(0.5)
    gate.guarding { unsafe avformat_close_input(&context) }
    // The watch, the gate and the reader are libav's until here.
    withExtendedLifetime((watch, gate, reader)) {}
  }

  /// Every stream that there is by now; transport streams may gain some.
  package var streams: [StreamDescription] {
    var streams: [StreamDescription] = []
    for index in unsafe 0..<Int(context.pointee.nb_streams) {
      guard let stream = unsafe context.pointee.streams[index] else { continue }
      unsafe streams.append(StreamDescription(stream, in: context))
    }
    return streams
  }

  /// The streams that the program maps name just now; nil of a container that has none.
  package var mapped: Set<Int>? {
    guard unsafe context.pointee.nb_programs > 0 else { return nil }
    var mapped: Set<Int> = []
    for number in unsafe 0..<Int(context.pointee.nb_programs) {
      guard let program = unsafe context.pointee.programs[number]?.pointee else { continue }
      for place in unsafe 0..<Int(program.nb_stream_indexes) {
        unsafe mapped.insert(Int(program.stream_index[place]))
      }
    }
    return mapped
  }

  /// Whether a program map names some of the pictures and sounds.
  package var isNamed: Bool {
    let mapped = mapped ?? []
    return streams.contains { ($0.kind == .video || $0.kind == .audio) && mapped.contains($0.index) }
  }

  /// Another number once ``streams`` or ``mapped`` may be others; quickly asked.
  package var revision: Int {
    var hasher = Hasher()
    for index in unsafe 0..<Int(context.pointee.nb_streams) {
      unsafe hasher.combine(context.pointee.streams[index]?.pointee.codecpar.pointee.codec_id.rawValue ?? 0)
    }
    for number in unsafe 0..<Int(context.pointee.nb_programs) {
      guard let program = unsafe context.pointee.programs[number] else { continue }
      unsafe hasher.combine(program.pointee.pmt_version)
      unsafe hasher.combine(program.pointee.nb_stream_indexes)
    }
    return hasher.finalize()
  }

  /// What `read` has handed out came while the feed was opened: it is as old as that took.
  package var isBacklog: Bool { unsafe opened >= 0 && FeedDemuxer.position(context) == opened }

  /// How many bytes have been taken of what this context itself reads; negative where it reads by other contexts.
  private static func position(_ context: UnsafeMutablePointer<AVFormatContext>) -> Int64 {
    guard let io = unsafe context.pointee.pb else { return -1 }
    return unsafe avio_tell(io)
  }

  /// The container, by libav's name: "hls", "mpegts".
  package var format: String { unsafe LibAV.text(context.pointee.iformat.pointee.name) ?? "" }

  /// What `read` hands out now is what was left when the connection ended: the last of it may lack its end.
  package var isRunningOut: Bool {
    guard let io = unsafe context.pointee.pb else { return false }
    return unsafe io.pointee.eof_reached != 0 || io.pointee.error < 0
  }

  /// A copy of the stream's codec parameters.
  package func parameters(of index: Int) throws(LibAVError) -> CodecParameters {
    guard unsafe index < Int(context.pointee.nb_streams), let stream = unsafe context.pointee.streams[index] else {
      throw LibAVError(operation: "find stream \(index) of", subject: name, code: CLIBAV_EINVAL)
    }
    return unsafe try CodecParameters(copying: stream.pointee.codecpar)
  }

  /// Tells the demuxer not to hand out packets of the other streams.
  package mutating func use(only wanted: Set<Int>) {
    for index in unsafe 0..<Int(context.pointee.nb_streams) where !wanted.contains(index) {
      unsafe context.pointee.streams[index]?.pointee.discard = AVDISCARD_ALL
    }
  }

  /// The next packet in order of arrival; false at the end of the stream.
  /// - Throws: what ends the feed; ``FeedError/isPassing`` of what does not.
  package mutating func read(into packet: inout Packet, within seconds: Double) throws(FeedError) -> Bool {
    packet.clear()
    watch.allow(seconds)
    let status = gate.guarding { unsafe av_read_frame(context, packet.av) }
    if status >= 0 { return true }
    if status == CLIBAV_EOF, !watch.isOver, !watch.ranOut, gate.refusal == nil { return false }
    throw FeedDemuxer.failure(status, name, watch, gate)
  }

  private static func failure(_ status: Int32, _ name: String, _ watch: FeedWatch, _ gate: ConnectGate) -> FeedError {
    if watch.isCalledOff { return FeedError(.stopped, name) }
    if let refusal = gate.refusal { return FeedError(.refused(refusal), name) }
    if watch.isLate || watch.ranOut { return FeedError(.late(watch.allowed), name) }
    return FeedError(.libav(status), name)
  }

  /// Whether enough is known of every stream without looking at any of it: RTSP's description says so, and a camera's
  /// first key frame need not be spent on looking.
  private static func isDescribed(_ context: UnsafeMutablePointer<AVFormatContext>) -> Bool {
    guard let format = unsafe LibAV.text(context.pointee.iformat.pointee.name), format == "rtsp" else { return false }
    guard unsafe context.pointee.nb_streams > 0 else { return false }
    return unsafe (0..<Int(context.pointee.nb_streams)).allSatisfy { index in
      guard let parameters = unsafe context.pointee.streams[index]?.pointee.codecpar else { return false }
      guard unsafe parameters.pointee.codec_id != AV_CODEC_ID_NONE else { return false }
      guard unsafe parameters.pointee.codec_type == AVMEDIA_TYPE_AUDIO else { return true }
      return unsafe parameters.pointee.sample_rate > 0 && parameters.pointee.ch_layout.nb_channels > 0
    }
  }

  /// What every connection is opened with: certificates are checked, few redirects are followed, no proxy that the
  /// environment names stands between the gate and what it is to judge, and no socket waits for ever.
  private static let always = [
    ("tls_verify", "1"), ("max_redirects", "4"), ("http_proxy", ""), ("rw_timeout", "10000000"), ("icy", "0"),
  ]

  /// HLS opens playlists, segments and keys by this, and forgets most of the options that it was opened with.
  private static func wrapOpening(of context: UnsafeMutablePointer<AVFormatContext>) {
    unsafe context.pointee.io_open = { context, io, url, flags, options in
      guard let context = unsafe context, flags & AVIO_FLAG_WRITE == 0 else { return CLIBAV_EINVAL }
      var own: OpaquePointer?
      defer { unsafe av_dict_free(&own) }
      if let options = unsafe options { unsafe av_dict_copy(&own, options.pointee, 0) }
      for (key, value) in FeedDemuxer.always { unsafe av_dict_set(&own, key, value, 0) }
      let whitelist = unsafe LibAV.text(context.pointee.protocol_whitelist)
      unsafe av_dict_set(&own, "protocol_whitelist", whitelist ?? "none", 0)
      let status = unsafe avio_open2(io, url, flags, &context.pointee.interrupt_callback, &own)
      if status >= 0, let options = unsafe options {
        // What is left of them is how libav learns which were taken.
        unsafe av_dict_free(options)
        unsafe options.pointee = own
        unsafe own = nil
      }
      return status
    }
  }

  private static func isLocal(_ host: String) -> Bool {
    if host.lowercased() == "localhost" { return true }
    var bytes = [UInt8](repeating: 0, count: 16)
    if unsafe inet_pton(AF_INET, host, &bytes) == 1 { return true }
    return unsafe inet_pton(AF_INET6, host, &bytes) == 1
  }

  /// Once: resolving a name is the one wait that libav's interruption does not reach, so the resolver is told to be
  /// quick, unless the operator has told it something else.
  private static let surroundings: Void = {
    unsafe setenv("RES_OPTIONS", "timeout:2 attempts:1", 0)
    _ = avformat_network_init()
  }()
}
