import CLibAV

/// What a decoder or a muxer must know of a stream; owns an AVCodecParameters.
@safe package struct CodecParameters: ~Copyable {
  let av: UnsafeMutablePointer<AVCodecParameters>

  init(copying source: UnsafePointer<AVCodecParameters>) throws(LibAVError) {
    var made = unsafe avcodec_parameters_alloc()
    guard let parameters = unsafe made else { throw .noMemory("codec parameters") }
    let status = unsafe avcodec_parameters_copy(parameters, source)
    guard status >= 0 else {
      unsafe avcodec_parameters_free(&made)
      throw LibAVError(operation: "copy", subject: "codec parameters", code: status)
    }
    unsafe av = parameters
  }

  deinit {
    var parameters: UnsafeMutablePointer<AVCodecParameters>? = unsafe av
    unsafe avcodec_parameters_free(&parameters)
  }

  package func copy() throws(LibAVError) -> CodecParameters { unsafe try CodecParameters(copying: av) }

  /// The codec's configuration: parameter sets in Annex B form, once a bitstream filter or an encoder has made them.
  package var extradata: [UInt8] {
    guard let bytes = unsafe av.pointee.extradata, unsafe av.pointee.extradata_size > 0 else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(av.pointee.extradata_size)))
  }

  /// Forgets the configuration: for a stream whose packets carry it themselves (ADTS).
  package mutating func removeExtradata() {
    unsafe av_free(av.pointee.extradata)
    unsafe av.pointee.extradata = nil
    unsafe av.pointee.extradata_size = 0
  }
}
