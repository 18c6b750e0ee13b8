import CLibAV

/// One decoded picture, or a stretch of audio samples; owns an AVFrame that is used over and over.
///
/// It has one owner at a time, and threads that share it can only read it.
@safe package struct Frame: ~Copyable, Sendable {
  nonisolated(unsafe) let av: UnsafeMutablePointer<AVFrame>

  package init() throws(LibAVError) {
    guard let frame = unsafe av_frame_alloc() else { throw .noMemory("a frame") }
    unsafe av = frame
  }

  deinit {
    var frame: UnsafeMutablePointer<AVFrame>? = unsafe av
    unsafe av_frame_free(&frame)
  }

  /// Presentation time in ticks of whoever made the frame; nil when unknown.
  package var pts: Int64? {
    get { unsafe Packet.known(av.pointee.pts) }
    set { unsafe av.pointee.pts = newValue ?? CLIBAV_NOPTS }
  }

  /// The decoder's best guess at the presentation time, from PTS and DTS together.
  package var bestEffortPTS: Int64? { unsafe Packet.known(av.pointee.best_effort_timestamp) }

  /// As the demuxer said, in ticks of the stream's time base; 0 when unknown.
  package var duration: Int64 { unsafe max(0, av.pointee.pkt_duration) }

  /// Samples per channel; 0 of a picture.
  package var sampleCount: Int { unsafe Int(av.pointee.nb_samples) }
  package var sampleRate: Int { unsafe Int(av.pointee.sample_rate) }

  /// Asks the encoder for a key frame here, or leaves the choice to it.
  package mutating func setKey(_ wanted: Bool) {
    unsafe av.pointee.pict_type = wanted ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
  }

  /// Asks the encoder for a picture that refers to none that comes after it (type P).
  package mutating func setForward() { unsafe av.pointee.pict_type = AV_PICTURE_TYPE_P }

  /// Becomes another name for what `other` holds.
  package mutating func refer(to other: borrowing Frame) throws(LibAVError) {
    unsafe av_frame_unref(av)
    try LibAVError.check(unsafe av_frame_ref(av, other.av), "share", "a frame")
  }

  /// Gives the samples back to libav.
  package mutating func clear() { unsafe av_frame_unref(av) }

  /// What a filter graph must know of its input: a graph serves frames of one shape only.
  package var shape: Shape {
    let frame = unsafe av.pointee
    if unsafe frame.nb_samples > 0 {
      return unsafe Shape(
        format: frame.format, width: 0, height: 0, aspect: Rational(0, 1), sampleRate: frame.sample_rate,
        channelLayout: Frame.layoutName(frame.ch_layout))
    }
    return unsafe Shape(
      format: frame.format, width: frame.width, height: frame.height, aspect: Rational(frame.sample_aspect_ratio),
      sampleRate: 0, channelLayout: "")
  }

  /// The usual layout of so many channels: "stereo", "5.1".
  package static func channelLayout(of channels: Int) -> String {
    var layout = unsafe AVChannelLayout()
    unsafe av_channel_layout_default(&layout, Int32(clamping: channels))
    return unsafe layoutName(layout)
  }

  static func layoutName(_ layout: AVChannelLayout) -> String {
    var named = unsafe layout
    // An unordered layout (raw PCM says only "six channels") becomes the usual one of that many.
    if unsafe named.order == AV_CHANNEL_ORDER_UNSPEC {
      unsafe av_channel_layout_default(&named, layout.nb_channels)
    }
    var text = [CChar](repeating: 0, count: 128)
    unsafe text.withUnsafeMutableBufferPointer { buffer in
      _ = unsafe av_channel_layout_describe(&named, buffer.baseAddress, buffer.count)
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package struct Shape: Hashable, Sendable {
    /// AVPixelFormat or AVSampleFormat.
    var format: Int32
    var width: Int32
    var height: Int32
    /// The sample aspect ratio; 0/1 when unknown.
    var aspect: Rational
    var sampleRate: Int32
    var channelLayout: String
  }
}
