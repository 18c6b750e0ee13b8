import CLibAV

/// A chain of libavfilter's filters with one output, and with one input or (a generator) none; owns an AVFilterGraph.
@safe package struct FilterGraph: ~Copyable {
  private let graph: UnsafeMutablePointer<AVFilterGraph>
  private let source: UnsafeMutablePointer<AVFilterContext>?
  private let sink: UnsafeMutablePointer<AVFilterContext>
  private let chain: String

  package enum Media: Sendable { case video, audio }

  /// A generator: `chain` begins with a source ("anullsrc=…").
  package init(_ media: Media, generating chain: String) throws(LibAVError) {
    try self.init(media, chain, input: nil)
  }

  /// A chain ("scale=…,format=…") for frames of one shape with timestamps in `timeBase`.
  package init(
    _ media: Media, _ chain: String, from shape: Frame.Shape, timeBase: Rational, frameRate: Rational = Rational(0, 0)
  ) throws(LibAVError) {
    let base = "time_base=\(timeBase.numerator)/\(timeBase.denominator)"
    switch media {
    case .video:
      let rate = frameRate.value == nil ? "" : ":frame_rate=\(frameRate.numerator)/\(frameRate.denominator)"
      let aspect = shape.aspect.value == nil ? "0/1" : "\(shape.aspect.numerator)/\(shape.aspect.denominator)"
      try self.init(
        media, chain,
        input: "video_size=\(shape.width)x\(shape.height):pix_fmt=\(shape.format):pixel_aspect=\(aspect)"
          + ":\(base)\(rate)")
    case .audio:
      let format = unsafe LibAV.text(av_get_sample_fmt_name(AVSampleFormat(shape.format))) ?? "none"
      try self.init(
        media, chain,
        input: "sample_rate=\(shape.sampleRate):sample_fmt=\(format):channel_layout=\(shape.channelLayout):\(base)")
    }
  }

  private init(_ media: Media, _ chain: String, input: String?) throws(LibAVError) {
    var made = unsafe avfilter_graph_alloc()
    guard let graph = unsafe made else { throw .noMemory("a filter graph") }
    unsafe graph.pointee.nb_threads = 1
    var source: UnsafeMutablePointer<AVFilterContext>?
    var sink: UnsafeMutablePointer<AVFilterContext>?
    var inputs: UnsafeMutablePointer<AVFilterInOut>?
    var outputs: UnsafeMutablePointer<AVFilterInOut>?
    defer {
      unsafe avfilter_inout_free(&inputs)
      unsafe avfilter_inout_free(&outputs)
    }
    let sinkName = media == .video ? "buffersink" : "abuffersink"
    var status = unsafe avfilter_graph_create_filter(
      &sink, avfilter_get_by_name(sinkName), "out", nil, nil, graph)
    if status >= 0, let input {
      let sourceName = media == .video ? "buffer" : "abuffer"
      status = unsafe avfilter_graph_create_filter(
        &source, avfilter_get_by_name(sourceName), "in", input, nil, graph)
      unsafe outputs = FilterGraph.end("in", of: source)
    }
    unsafe inputs = FilterGraph.end("out", of: sink)
    if status >= 0 { status = unsafe avfilter_graph_parse_ptr(graph, chain, &inputs, &outputs, nil) }
    if status >= 0 { status = unsafe avfilter_graph_config(graph, nil) }
    guard status >= 0, let sink = unsafe sink else {
      unsafe avfilter_graph_free(&made)
      throw LibAVError(operation: "build the filter chain", subject: "\"\(chain)\"", code: status)
    }
    unsafe self.graph = graph
    unsafe self.source = source
    unsafe self.sink = sink
    self.chain = chain
  }

  deinit {
    var graph: UnsafeMutablePointer<AVFilterGraph>? = unsafe graph
    unsafe avfilter_graph_free(&graph)
  }

  /// A loose end for the parser to tie the chain to: "in" and "out" are its default names.
  private static func end(
    _ name: String, of filter: UnsafeMutablePointer<AVFilterContext>?
  ) -> UnsafeMutablePointer<AVFilterInOut>? {
    guard let end = unsafe avfilter_inout_alloc() else { return nil }
    unsafe end.pointee.name = av_strdup(name)
    unsafe end.pointee.filter_ctx = filter
    unsafe end.pointee.pad_idx = 0
    unsafe end.pointee.next = nil
    return unsafe end
  }

  /// The length of one tick of the timestamps that come out.
  package var timeBase: Rational { unsafe Rational(av_buffersink_get_time_base(sink)) }
  /// Of the pictures that come out.
  package var width: Int { unsafe Int(av_buffersink_get_w(sink)) }
  package var height: Int { unsafe Int(av_buffersink_get_h(sink)) }

  /// Hands in one frame, which it empties.
  package mutating func send(_ frame: inout Frame) throws(LibAVError) {
    try LibAVError.check(unsafe av_buffersrc_add_frame(source, frame.av), "filter", "\"\(chain)\"")
  }

  /// Says that no more will come, so that the last frames come out.
  package mutating func finish() { _ = unsafe av_buffersrc_add_frame(source, nil) }

  /// Takes out the next frame; false when it wants more input or is done.
  package mutating func receive(into frame: inout Frame) throws(LibAVError) -> Bool {
    frame.clear()
    let status = unsafe av_buffersink_get_frame(sink, frame.av)
    if status == CLIBAV_EAGAIN || status == CLIBAV_EOF { return false }
    try LibAVError.check(status, "filter", "\"\(chain)\"")
    return true
  }

  /// Tells an encoder what it will be fed.
  func describe(_ encoder: UnsafeMutablePointer<AVCodecContext>) {
    let format = unsafe av_buffersink_get_format(sink)
    if unsafe av_buffersink_get_type(sink) == AVMEDIA_TYPE_AUDIO {
      unsafe encoder.pointee.sample_fmt = AVSampleFormat(format)
      unsafe encoder.pointee.sample_rate = av_buffersink_get_sample_rate(sink)
      _ = unsafe av_buffersink_get_ch_layout(sink, &encoder.pointee.ch_layout)
    } else {
      unsafe encoder.pointee.pix_fmt = AVPixelFormat(format)
      unsafe encoder.pointee.width = av_buffersink_get_w(sink)
      unsafe encoder.pointee.height = av_buffersink_get_h(sink)
      unsafe encoder.pointee.sample_aspect_ratio = av_buffersink_get_sample_aspect_ratio(sink)
      unsafe encoder.pointee.framerate = av_buffersink_get_frame_rate(sink)
    }
  }
}
