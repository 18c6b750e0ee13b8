import LibAV

/// What the muxer must know of one of a tape's streams.
final class StreamParameters {
  let codec: CodecParameters
  let language: String?

  init(_ codec: consuming CodecParameters, language: String?) {
    self.codec = codec
    self.language = language
  }
}
