import CLibAV

/// A media file being read; owns an AVFormatContext.
@safe package struct Demuxer: ~Copyable {
  private var context: UnsafeMutablePointer<AVFormatContext>
  private let path: String
  /// Every stream, in the container's order.
  package let streams: [StreamDescription]
  /// In seconds, as the container says or libav guesses; nil when it cannot.
  package let duration: Double?
  /// The title in the file's own metadata.
  package let title: String?
  /// The format may legally jump in its timestamps (MPEG transport and program streams).
  package let mayJump: Bool

  /// The containers that are let in. Playlists, image sequences and scripts, which name other files, are not.
  private static let formats =
    "mov,mp4,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,asf,ogg,mp3,aac,ac3,eac3,flac,wav,w64,aiff,caf,au,h264,hevc,"
    + "m4v,mxf,gxf,nut,ivf,obu,av1,wtv,rm,dv,wv,ape,tta,tak,mpc,mpc8,dts,dtshd,truehd,vc1,amr,3gp,y4m,yuv4mpegpipe,"
    + "swf,vob,pva,nsv,xwma,voc,smjpeg,live_flv,mjpeg,dirac,cavsvideo"

  /// Opens `path`, a local file, and looks at its first megabytes.
  package init(path: String) throws(LibAVError) {
    var opened: UnsafeMutablePointer<AVFormatContext>?
    var options: OpaquePointer?
    defer { unsafe av_dict_free(&options) }
    unsafe av_dict_set(&options, "protocol_whitelist", "file", 0)
    unsafe av_dict_set(&options, "format_whitelist", Demuxer.formats, 0)
    unsafe av_dict_set(&options, "probesize", "20000000", 0)
    unsafe av_dict_set(&options, "analyzeduration", "20000000", 0)
    unsafe av_dict_set(&options, "max_streams", "64", 0)
    unsafe av_dict_set(&options, "fflags", "+genpts", 0)
    try LibAVError.check(unsafe avformat_open_input(&opened, "file:" + path, nil, &options), "open", path)
    guard let context = unsafe opened else { throw .noMemory("a demuxer") }
    let status = unsafe avformat_find_stream_info(context, nil)
    guard status >= 0 else {
      unsafe avformat_close_input(&opened)
      throw LibAVError(operation: "read", subject: path, code: status)
    }
    var streams: [StreamDescription] = []
    for index in unsafe 0..<Int(context.pointee.nb_streams) {
      guard let stream = unsafe context.pointee.streams[index] else { continue }
      unsafe streams.append(StreamDescription(stream, in: context))
    }
    unsafe self.context = context
    self.path = path
    self.streams = streams
    let length = unsafe context.pointee.duration
    duration = length > 0 ? Double(length) / Double(AV_TIME_BASE) : nil
    if let tag = unsafe av_dict_get(context.pointee.metadata, "title", nil, 0) {
      title = unsafe LibAV.text(tag.pointee.value)
    } else {
      title = nil
    }
    mayJump = unsafe context.pointee.iformat.pointee.flags & AVFMT_TS_DISCONT != 0
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = unsafe context
    unsafe avformat_close_input(&context)
  }

  /// Why the file itself could not be read on, a failing disk above all; nil when it could. To `read` that looks like
  /// the end of the file.
  package var failure: LibAVError? {
    guard let status = unsafe context.pointee.pb?.pointee.error, status < 0 else { return nil }
    return LibAVError(operation: "read", subject: path, code: status)
  }

  /// A copy of the stream's codec parameters.
  package func parameters(of index: Int) throws(LibAVError) -> CodecParameters {
    guard unsafe index < Int(context.pointee.nb_streams), let stream = unsafe context.pointee.streams[index] else {
      throw LibAVError(operation: "find stream \(index) of", subject: path, code: CLIBAV_EINVAL)
    }
    return unsafe try CodecParameters(copying: stream.pointee.codecpar)
  }

  /// Tells the demuxer not to hand out packets of the other streams.
  package mutating func use(only wanted: Set<Int>) {
    for index in unsafe 0..<Int(context.pointee.nb_streams) where !wanted.contains(index) {
      unsafe context.pointee.streams[index]?.pointee.discard = AVDISCARD_ALL
    }
  }

  /// The next packet in file order; false at the end of the file. Throws on what cannot be read: the next call may
  /// well succeed.
  package mutating func read(into packet: inout Packet) throws(LibAVError) -> Bool {
    packet.clear()
    let status = unsafe av_read_frame(context, packet.av)
    if status == CLIBAV_EOF { return false }
    try LibAVError.check(status, "read", path)
    return true
  }
}
