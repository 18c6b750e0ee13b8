import LibAV
import Tape

/// How sound is encoded for a track of the house.
struct SoundSettings: Hashable, Sendable {
  let codec: String
  let sampleRate: Int
  let channels: Int

  init(_ format: HouseFormat.Audio) {
    codec = format.codec
    sampleRate = format.sampleRate
    channels = format.channels
  }

  /// libavcodec's encoder. HE-AAC has none in a plain Debian: its low complexity core is what players take as well.
  var encoder: String { codec == "mp3" ? "libmp3lame" : codec }

  private var sampleFormat: String { codec == "mp2" ? "s16" : "fltp" }

  /// Samples that the encoder wants at once.
  var frame: AudioFrameLength {
    let samples =
      switch codec {
      case "mp3": sampleRate < 32_000 ? 576 : 1152
      case "mp2": 1152
      case "ac3", "eac3": 1536
      default: 1024
      }
    return AudioFrameLength(samples: Int64(samples), rate: Int64(sampleRate))
  }

  /// Bits a second.
  var bitrate: Int {
    switch codec {
    case "mp2", "mp3":
      if sampleRate < 32_000 { return channels == 1 ? 64_000 : 128_000 }
      return channels == 1 ? 96_000 : 192_000
    case "ac3", "eac3": return channels > 2 ? 448_000 : channels == 2 ? 192_000 : 96_000
    default: return min(channels * 72_000, sampleRate * channels * 4)
    }
  }

  /// What makes any sound fit the encoder. Holes in the source's time become silence.
  var chain: String { "aresample=\(sampleRate):async=1," + shape }

  /// Endless silence.
  var silence: String {
    "anullsrc=r=\(sampleRate):cl=\(Frame.channelLayout(of: channels))," + shape
  }

  var shape: String {
    "aformat=sample_fmts=\(sampleFormat):sample_rates=\(sampleRate)"
      + ":channel_layouts=\(Frame.channelLayout(of: channels)),asetnsamples=n=\(frame.samples):p=1"
  }

  var settings: Encoder.Settings {
    var settings = Encoder.Settings(encoder: encoder, timeBase: Rational(1, Int32(clamping: sampleRate)))
    settings.bitrate = bitrate
    settings.closedGroups = false
    // Each frame stands for itself, so that a silent one fits anywhere.
    if codec == "mp3" { settings.options = [("reservoir", "0")] }
    return settings
  }
}
