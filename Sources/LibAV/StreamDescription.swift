import CLibAV

/// What a container says about one of its streams, as far as a recorder needs it to decide. A plain value.
package struct StreamDescription: Hashable, Sendable {
  package enum Kind: Sendable { case video, audio, other }

  package var index: Int
  package var kind: Kind
  /// libavcodec's name: "h264", "aac"; "none" when it knows none.
  package var codec: String
  /// "LC", "HE-AAC", "High"; nil when unknown.
  package var profile: String?
  /// ISO 639-2, three letters; nil when unknown.
  package var language: String?
  /// The length of one tick of its packets' timestamps.
  package var timeBase: Rational
  /// A cover or a thumbnail that happens to be stored as a video stream.
  package var isAttachedPicture = false

  package var width = 0
  package var height = 0
  /// In hertz, as guessed from container and codec; n/0 when unknown.
  package var frameRate = Rational(0, 0)
  /// Clockwise, in degrees 0, 90, 180 or 270, that a player is told to turn the picture.
  package var rotation = 0

  package var sampleRate = 0
  package var channels = 0
  /// Samples in one coded frame; 0 when it varies or is unknown.
  package var frameSize = 0
  /// The codec's configuration as the container keeps it (avcC, AudioSpecificConfig); often empty.
  package var extradata: [UInt8] = []

  package init(index: Int, kind: Kind, codec: String, timeBase: Rational) {
    self.index = index
    self.kind = kind
    self.codec = codec
    self.timeBase = timeBase
  }

  init(_ stream: UnsafeMutablePointer<AVStream>, in context: UnsafeMutablePointer<AVFormatContext>) {
    let parameters = unsafe stream.pointee.codecpar.pointee
    index = unsafe Int(stream.pointee.index)
    switch unsafe parameters.codec_type {
    case AVMEDIA_TYPE_VIDEO: kind = .video
    case AVMEDIA_TYPE_AUDIO: kind = .audio
    default: kind = .other
    }
    codec = unsafe LibAV.text(avcodec_get_name(parameters.codec_id)) ?? "none"
    profile = unsafe LibAV.text(avcodec_profile_name(parameters.codec_id, parameters.profile))
    timeBase = unsafe Rational(stream.pointee.time_base)
    isAttachedPicture = unsafe stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0
    width = unsafe Int(parameters.width)
    height = unsafe Int(parameters.height)
    frameRate = unsafe Rational(av_guess_frame_rate(context, stream, nil))
    sampleRate = unsafe Int(parameters.sample_rate)
    channels = unsafe Int(parameters.ch_layout.nb_channels)
    frameSize = unsafe Int(parameters.frame_size)
    if let bytes = unsafe parameters.extradata, unsafe parameters.extradata_size > 0 {
      extradata = unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(parameters.extradata_size)))
    }
    if let tag = unsafe av_dict_get(stream.pointee.metadata, "language", nil, 0) {
      let text = unsafe LibAV.text(tag.pointee.value) ?? ""
      language = text.utf8.count == 3 && text != "und" ? text : nil
    }
    var size = 0
    if let matrix = unsafe av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size), size >= 36 {
      let degrees = unsafe clibav_rotation(matrix)
      if degrees.isFinite { rotation = ((Int((-degrees / 90).rounded()) % 4 + 4) % 4) * 90 }
    }
  }
}
