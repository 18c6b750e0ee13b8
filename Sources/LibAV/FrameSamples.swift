import CLibAV

extension Frame {
  /// Makes it a stretch of sound of 32-bit floating point samples (AV_SAMPLE_FMT_FLTP), one array of equal length for each
  /// channel, in the usual layout of so many channels.
  package mutating func fill(_ channels: [[Float]], sampleRate: Int) throws(LibAVError) {
    unsafe av_frame_unref(av)
    let count = channels.map(\.count).min() ?? 0
    unsafe av.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
    unsafe av.pointee.sample_rate = Int32(clamping: sampleRate)
    unsafe av.pointee.nb_samples = Int32(clamping: count)
    unsafe av_channel_layout_default(&av.pointee.ch_layout, Int32(clamping: channels.count))
    try LibAVError.check(unsafe av_frame_get_buffer(av, 0), "allocate", "samples")
    for (index, samples) in channels.enumerated() {
      guard let plane = unsafe av.pointee.extended_data[index] else { continue }
      unsafe samples.withUnsafeBytes { source in
        guard let start = source.baseAddress else { return }
        unsafe UnsafeMutableRawPointer(plane).copyMemory(from: start, byteCount: count * 4)
      }
    }
  }

  /// The samples of one channel, where they are 32-bit floating point and planar; empty else.
  package func samples(of channel: Int) -> [Float] {
    let count = unsafe Int(av.pointee.ch_layout.nb_channels)
    guard unsafe av.pointee.format == AV_SAMPLE_FMT_FLTP.rawValue, (0..<count).contains(channel),
      let plane = unsafe av.pointee.extended_data[channel]
    else { return [] }
    return unsafe plane.withMemoryRebound(to: Float.self, capacity: sampleCount) {
      unsafe Array(UnsafeBufferPointer(start: $0, count: sampleCount))
    }
  }

  /// Pixels of a picture; 0 of sound.
  package var width: Int { unsafe Int(av.pointee.width) }
  package var height: Int { unsafe Int(av.pointee.height) }
}
