import TransportStream

/// The streams that all tapes of a station carry: players do not follow a codec that changes on a PID.
///
/// Codecs go by libavcodec's names ("h264", "hevc", "mpeg2video"; "aac", "mp2", "mp3", "ac3", "eac3").
package struct HouseFormat: Codable, Hashable, Sendable {
  package struct Video: Codable, Hashable, Sendable {
    package var codec: String

    package init(codec: String) { self.codec = codec }
  }

  package struct Audio: Codable, Hashable, Sendable {
    package var codec: String
    /// "LC", "HE-AAC" …; nil where the codec has none that matters.
    package var profile: String?
    /// Hertz.
    package var sampleRate: Int
    package var channels: Int
    /// ISO 639-2, three letters.
    package var language: String?

    package init(codec: String, profile: String? = nil, sampleRate: Int, channels: Int, language: String? = nil) {
      self.codec = codec
      self.profile = profile
      self.sampleRate = sampleRate
      self.channels = channels
      self.language = language
    }
  }

  /// Nil on a radio station.
  package var video: Video?
  /// In PID order, from ``PID/firstAudio`` on.
  package var audio: [Audio]

  package init(video: Video?, audio: [Audio]) {
    self.video = video
    self.audio = audio
  }
}

/// What a recorder knows of the tape that it made.
package struct TapeInfo: Codable, Hashable, Sendable {
  /// How long the programme lasts, in whole 90 kHz counts; every packet leaves within it.
  package var duration: Ticks
  package var format: HouseFormat
  /// The title that the source itself names, if any.
  package var title: String?
  /// The constant rate at which the packets were dated, nulls included: bit/s.
  package var muxRate: Int

  package init(duration: Ticks, format: HouseFormat, title: String?, muxRate: Int) {
    self.duration = duration
    self.format = format
    self.title = title
    self.muxRate = muxRate
  }
}
