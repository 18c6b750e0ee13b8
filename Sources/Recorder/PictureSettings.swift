import LibAV
import Tape

/// How pictures are encoded for the house.
struct PictureSettings: Hashable, Sendable {
  let codec: String
  /// Bit/s that pictures may take in a stream of constant rate; nil where it follows from their size.
  let allowance: Int?

  /// A key frame at least this often, 90 kHz: no receiver waits longer for a picture. 2 s.
  static let keyPeriod: Int64 = 2 * HouseTime.perSecond

  /// Pictures come at a steady rate, repeated where need be; else they keep their own times.
  let isSteady: Bool

  init(codec: String, bitrate: Int?, house: HouseFormat, fillsPauses: Bool = false) {
    self.codec = codec
    isSteady = fillsPauses || codec == "mpeg2video"
    allowance = bitrate.map { bitrate in
      let sound = house.audio.reduce(0) { $0 + SoundSettings($1).bitrate }
      return max(100_000, (bitrate - 150_000) * 9 / 10 - sound * 11 / 10)
    }
  }

  /// What makes any picture fit the encoder: upright, progressive, 4:2:0 of limited range, even sides.
  ///
  /// - Parameter size: of the pictures before, which all others must keep; nil at first.
  func chain(rotation: Int, size: (width: Int, height: Int)?, frameRate: Rational) -> String {
    var filters = ["yadif=mode=send_frame:deint=interlaced"]
    switch rotation {
    case 90: filters.append("transpose=clock")
    case 180: filters += ["hflip", "vflip"]
    case 270: filters.append("transpose=cclock")
    default: break
    }
    let sides = size.map { "\($0.width):\($0.height)" } ?? "max(16\\,trunc(iw/2)*2):max(16\\,trunc(ih/2)*2)"
    filters.append("scale=\(sides):out_range=tv")
    if isSteady {
      let rate = rate(frameRate)
      filters.append("fps=\(rate.numerator)/\(rate.denominator):eof_action=pass")
    }
    filters.append("format=yuv420p")
    return filters.joined(separator: ",")
  }

  /// The rate at which pictures are encoded that come at `rate`.
  func rate(_ rate: Rational) -> Rational { isSteady ? PictureSettings.broadcastRate(rate) : rate }

  /// MPEG-2 knows eight frame rates (ISO/IEC 13818-2 table 6-4): the nearest.
  static func broadcastRate(_ rate: Rational) -> Rational {
    let wanted = rate.value ?? 25
    let known = [
      Rational(24_000, 1001), Rational(24, 1), Rational(25, 1), Rational(30_000, 1001), Rational(30, 1),
      Rational(50, 1), Rational(60_000, 1001), Rational(60, 1),
    ]
    return known.min { abs(($0.value ?? 0) - wanted) < abs(($1.value ?? 0) - wanted) } ?? Rational(25, 1)
  }

  /// - Parameter isStill: nothing moves, and every group of pictures is to be like every other.
  func settings(width: Int, height: Int, frameRate: Rational, isStill: Bool = false) -> Encoder.Settings {
    let pixels = width * height
    // Slow pictures are not reordered: it would take more time than the house allows.
    //
    // Those of a card are not either, but its parameter sets say that they may be: a decoder that is told so only when the
    // programme begins shows that one's first pictures in the wrong order.
    let isOrdered = (frameRate.value ?? 25) < 15
    var settings: Encoder.Settings
    switch codec {
    case "hevc":
      settings = Encoder.Settings(encoder: "libx265", timeBase: .ninetyKilohertz)
      settings.peakBitrate = min(20_000_000, max(800_000, pixels * 4))
      settings.options = [
        ("preset", "superfast"), ("crf", "24"), ("forced-idr", "1"),
        (
          "x265-params",
          "info=0:open-gop=0:log-level=none:frame-threads=2:pools=2:repeat-headers=1"
            + (isOrdered ? ":bframes=0" : ":bframes=2") + (isStill ? ":scenecut=0" : "")
        ),
      ]
    case "mpeg2video":
      let rate = PictureSettings.broadcastRate(frameRate)
      settings = Encoder.Settings(encoder: "mpeg2video", timeBase: Rational(rate.denominator, rate.numerator))
      settings.peakBitrate = min(15_000_000, max(1_500_000, pixels * 8))
      settings.bitrate = settings.peakBitrate * 3 / 4
      // Its closed groups do not go together with key frames at changes of scene.
      settings.options = [("sc_threshold", "1000000000")]
    default:
      settings = Encoder.Settings(encoder: "libx264", timeBase: .ninetyKilohertz)
      settings.profile = "high"
      settings.peakBitrate = min(20_000_000, max(800_000, pixels * 5))
      // A fixed number of threads: the same bytes on any machine.
      settings.threads = 4
      settings.options = [
        ("preset", "veryfast"), ("crf", "21"), ("forced-idr", "1"), ("bf", isOrdered ? "0" : "2"),
      ]
      if isStill { settings.options.append(("sc_threshold", "0")) }
    }
    if let allowance {
      settings.peakBitrate = min(settings.peakBitrate, allowance)
      settings.bitrate = min(settings.bitrate, allowance * 9 / 10)
    }
    settings.bufferSize = settings.peakBitrate / 2
    return settings
  }
}
