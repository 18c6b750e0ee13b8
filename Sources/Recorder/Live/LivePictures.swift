import LibAV
import Tape
import TransportStream

/// Raw pictures in, access units out at once: no reordering, no looking ahead, a closed group of a second at most. Card and
/// source go through the same encoder.
final class LivePictures {
  /// What an encoder is made for.
  struct Shape: Hashable, Sendable {
    var width: Int
    var height: Int
    /// Pictures a second, as far as known: the encoder shares its bits out by it.
    var rate: Int

    init(width: Int, height: Int, rate: Int) { (self.width, self.height, self.rate) = (width, height, rate) }

    /// As near to what is asked for as can be encoded while it happens: even sides, at most 3840x2160.
    init(fitting width: Int, _ height: Int, rate: Int) {
      self.init(
        width: min(max(16, width & ~1), 3_840), height: min(max(16, height & ~1), 2_160), rate: min(max(1, rate), 120))
    }
  }

  /// A key picture at least this often, 90 kHz.
  static let keyPeriod: Int64 = 86_400

  let codec: String
  /// Bit/s for pictures; nil: what their size asks for.
  private let allowance: Int?
  private var shape: Shape
  private var encoder: Encoder
  private var packet: Packet
  private var fit: Fit?
  private var lastKey: Int64 = -keyPeriod
  private var wantsKey = true
  private var last: Int64 = .min
  /// The encoder's own time of its latest picture: it may count pictures.
  private var lastTime: Int64 = .min

  /// What makes the pictures of one source fit the encoder.
  private struct Fit: ~Copyable {
    let from: Frame.Shape
    var graph: FilterGraph

    init(_ from: Frame.Shape, to shape: Shape) throws {
      self.from = from
      // Square pixels, the source's own aspect, bars where it is another than the encoder's.
      let sides = "\(shape.width):\(shape.height)"
      graph = try FilterGraph(
        .video,
        "scale=w='trunc(iw*if(sar,sar,1)/2)*2':h=ih,scale=\(sides):force_original_aspect_ratio=decrease"
          + ":force_divisible_by=2:out_range=tv,pad=\(sides):-1:-1,setsar=1,format=yuv420p",
        from: from, timeBase: .ninetyKilohertz)
    }
  }

  init(codec: String, shape: Shape, allowance: Int?) throws {
    self.codec = codec
    self.allowance = allowance
    self.shape = shape
    packet = try Packet()
    encoder = try Self.encoder(codec, shape, bitrate: allowance ?? Self.bitrate(shape))
  }

  var size: Shape { shape }

  /// Changes the pictures' size; the next one is a key picture.
  func change(to shape: Shape) throws {
    guard shape != self.shape else { return }
    encoder = try Self.encoder(codec, shape, bitrate: allowance ?? Self.bitrate(shape))
    self.shape = shape
    fit = nil
    wantsKey = true
    lastTime = .min
  }

  /// What fitted the source's pictures has failed: it is not used again.
  func forgetSource() { fit = nil }

  /// Encodes a picture that nobody sees, so that the first one that somebody does is not late.
  ///
  /// - Returns: the picture, drawn.
  func warmUp(_ picture: CardPicture) throws -> LiveSink.HeldFrame? {
    guard let drawn = try picture.drawn() else { return nil }
    try encode(drawn.frame, pts: 0) { _, _, _ in }
    (last, lastKey, wantsKey) = (.min, -LivePictures.keyPeriod, true)
    return drawn
  }

  /// The next picture is a key picture.
  func requestKey() { wantsKey = true }

  /// Bit/s that pictures of a shape look good with.
  static func bitrate(_ shape: Shape) -> Int {
    min(12_000_000, max(600_000, shape.width * shape.height * shape.rate / 8))
  }

  static func encoder(_ codec: String, _ shape: Shape, bitrate: Int) throws -> Encoder {
    let graph = try FilterGraph(
      .video, generating: "color=c=black:s=\(shape.width)x\(shape.height):r=\(shape.rate),format=yuv420p")
    var settings: Encoder.Settings
    switch codec {
    case "h264":
      settings = Encoder.Settings(encoder: "libx264", timeBase: .ninetyKilohertz)
      settings.profile = "high"
      settings.options = [
        ("preset", "superfast"), ("tune", "zerolatency"), ("forced-idr", "1"), ("aud", "1"), ("sc_threshold", "0"),
        ("flags", "+cgop"),
      ]
    case "hevc":
      settings = Encoder.Settings(encoder: "libx265", timeBase: .ninetyKilohertz)
      settings.options = [
        ("preset", "ultrafast"), ("tune", "zerolatency"), ("forced-idr", "1"),
        ("x265-params", "info=0:open-gop=0:log-level=none:aud=1:repeat-headers=1:bframes=0:scenecut=0:pools=2"),
      ]
    case "mpeg2video":
      let rate = PictureSettings.broadcastRate(Rational(Int32(clamping: shape.rate), 1))
      settings = Encoder.Settings(encoder: "mpeg2video", timeBase: Rational(rate.denominator, rate.numerator))
      settings.options = [("sc_threshold", "1000000000"), ("bf", "0")]
    default: throw RecorderError(.configuration, "a live station cannot be encoded as \(codec); h264 can")
    }
    settings.bitrate = bitrate
    settings.peakBitrate = bitrate
    settings.bufferSize = bitrate / 5
    return try Encoder(settings, for: graph)
  }

  /// Encodes a picture.
  ///
  /// - Parameters:
  ///   - frame: of any size and format; stays as it is.
  ///   - pts: 90 kHz of the air; a picture that is not later than the one before is left out.
  ///   - body: takes each access unit: its PTS, which is also its DTS, whether decoding can begin there, its bytes.
  func encode(
    _ frame: borrowing Frame, pts: Int64, _ body: (Int64, Bool, [UInt8]) throws -> Void
  ) throws {
    guard pts > last else { return }
    if fit == nil || fit?.from != frame.shape { fit = try Fit(frame.shape, to: shape) }
    var own = try Frame()
    try own.refer(to: frame)
    own.pts = pts
    own.setKey(false)
    try fit?.graph.send(&own)
    while try fit?.graph.receive(into: &own) ?? false {
      let time = Rational.ninetyKilohertz.rescale(pts, to: encoder.timeBase)
      // Two pictures on one of its counts are an error to an encoder.
      guard time > lastTime else { continue }
      lastTime = time
      let isKey = wantsKey || pts >= lastKey + LivePictures.keyPeriod
      own.pts = time
      own.setKey(isKey)
      if isKey { (lastKey, wantsKey) = (pts, false) }
      last = pts
      try encoder.send(own)
      while try encoder.receive(into: &packet) {
        let time = packet.pts.map { encoder.timeBase.rescale($0, to: .ninetyKilohertz) } ?? pts
        let bytes = packet.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        try body(time, packet.isKey, bytes)
      }
    }
  }
}
