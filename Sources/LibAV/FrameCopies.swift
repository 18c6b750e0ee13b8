import CLibAV

extension Frame {
  /// Becomes a copy of a raw picture, in memory of its own.
  ///
  /// - Parameters:
  ///   - layout: libavutil's name of the pixel format: "yuyv422".
  ///   - bytesPerLine: from a line of the first plane to the next, 0 where no line is padded; the other planes'
  ///     lines are padded in proportion, and all planes follow one another.
  ///   - isFullRange: Y from 0 to 255 rather than from 16 to 235.
  /// - Returns: false when there are fewer bytes than such a picture has; the frame is then empty.
  package mutating func copy(
    picture bytes: Span<UInt8>, layout: String, width: Int, height: Int, bytesPerLine: Int, isFullRange: Bool
  ) throws(LibAVError) -> Bool {
    unsafe av_frame_unref(av)
    let format = unsafe av_get_pix_fmt(layout)
    let subject = "a picture of \(width) by \(height) in \(layout)"
    guard format != AV_PIX_FMT_NONE, (1...16_384).contains(width), (1...16_384).contains(height) else {
      throw LibAVError(operation: "copy", subject: subject, code: CLIBAV_EINVAL)
    }
    unsafe av.pointee.format = format.rawValue
    unsafe av.pointee.width = Int32(width)
    unsafe av.pointee.height = Int32(height)
    unsafe av.pointee.color_range = isFullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_UNSPECIFIED
    var lines: [Int32] = [0, 0, 0, 0]
    try LibAVError.check(unsafe av_image_fill_linesizes(&lines, format, Int32(width)), "copy", subject)
    let tight = lines[0]
    if bytesPerLine > Int(tight), tight > 0 {
      lines = lines.map { Int32(clamping: Int($0) * bytesPerLine / Int(tight)) }
    }
    let isComplete = unsafe bytes.withUnsafeBufferPointer { source in
      var planes: [UnsafeMutablePointer<UInt8>?] = unsafe [nil, nil, nil, nil]
      let base = unsafe UnsafeMutablePointer(mutating: source.baseAddress)
      let size = unsafe av_image_fill_pointers(&planes, format, Int32(height), base, lines)
      guard size > 0, Int(size) <= source.count, unsafe av_frame_get_buffer(av, 0) >= 0 else { return false }
      var readable = unsafe planes.map { unsafe UnsafePointer($0) }
      unsafe withUnsafeMutablePointer(to: &av.pointee.data) { data in
        unsafe data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { data in
          unsafe withUnsafeMutablePointer(to: &av.pointee.linesize) { linesize in
            unsafe linesize.withMemoryRebound(to: Int32.self, capacity: 8) { linesize in
              unsafe av_image_copy(data, linesize, &readable, lines, format, Int32(width), Int32(height))
            }
          }
        }
      }
      return true
    }
    if !isComplete { unsafe av_frame_unref(av) }
    return isComplete
  }

  /// Becomes a copy of sound: 16 bits, channels interleaved, in memory of its own.
  package mutating func copy(
    sound samples: Span<Int16>, channels: Int, sampleRate: Int
  ) throws(LibAVError) {
    unsafe av_frame_unref(av)
    let count = samples.count / max(1, channels)
    guard (1...64).contains(channels), (1...768_000).contains(sampleRate), (1...1 << 20).contains(count) else {
      throw LibAVError(operation: "copy", subject: "\(count) samples of sound", code: CLIBAV_EINVAL)
    }
    unsafe av.pointee.format = AV_SAMPLE_FMT_S16.rawValue
    unsafe av.pointee.nb_samples = Int32(count)
    unsafe av.pointee.sample_rate = Int32(sampleRate)
    unsafe av_channel_layout_default(&av.pointee.ch_layout, Int32(channels))
    try LibAVError.check(unsafe av_frame_get_buffer(av, 0), "allocate", "\(count) samples of sound")
    unsafe samples.withUnsafeBytes { source in
      guard let base = source.baseAddress, let target = unsafe av.pointee.data.0 else { return }
      unsafe UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: count * channels * 2)
    }
  }
}

extension CodecParameters {
  /// Of a stream of coded pictures that nobody has described: a camera's. The codec's name is libavcodec's: "mjpeg".
  package init(picturesBy codec: String, width: Int, height: Int) throws(LibAVError) {
    guard let descriptor = unsafe avcodec_descriptor_get_by_name(codec) else {
      throw LibAVError(operation: "decode", subject: codec, code: CLIBAV_DECODER_NOT_FOUND)
    }
    var made = unsafe avcodec_parameters_alloc()
    defer { unsafe avcodec_parameters_free(&made) }
    guard let parameters = unsafe made else { throw .noMemory("codec parameters") }
    unsafe parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
    unsafe parameters.pointee.codec_id = descriptor.pointee.id
    unsafe parameters.pointee.width = Int32(clamping: width)
    unsafe parameters.pointee.height = Int32(clamping: height)
    unsafe try self.init(copying: parameters)
  }
}
