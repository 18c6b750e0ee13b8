import LibAV

/// Decodes a picture stream and encodes it in the house's format.
final class PictureTranscoder: TrackRecorder {
  let streamIndex: Int
  private(set) var units: [Unit] = []
  var skipped: Int { decoding.skipped }
  private(set) var start: Int64?
  private let stream: StreamDescription
  private let settings: PictureSettings
  private var decoding: Decoding
  private var held: Frame
  private var filtered: Frame
  private var graph: FilterGraph?
  private var shape: Frame.Shape?
  private var size: (width: Int, height: Int)?
  private var encoder: PictureEncoder?
  private var next: Int64?
  private var lastDuration: Int64 = 0

  init(_ stream: StreamDescription, _ parameters: consuming CodecParameters, _ settings: PictureSettings) throws {
    streamIndex = stream.index
    self.stream = stream
    self.settings = settings
    decoding = try Decoding(parameters, timeBase: stream.timeBase)
    held = try Frame()
    filtered = try Frame()
  }

  func parameters() throws -> CodecParameters {
    guard let parameters = try encoder?.parameters() else {
      throw RecorderError(.badMedia, "none of its pictures could be decoding.frame")
    }
    return parameters
  }

  func record(_ packet: borrowing Packet, _ spool: inout Spool) throws {
    if decoding.take(packet) { try drain(&spool) }
  }

  func finish(_ spool: inout Spool) throws {
    decoding.finish()
    try drain(&spool)
    if settings.isSteady { try holdLast() }
    graph?.finish()
    try filter(&spool)
    try encoder?.finish { try keep($0, $1, &spool) }
    // The encoder forgets how long the last picture is to be seen.
    if let last = units.indices.max(by: { units[$0].pts < units[$1].pts }) { units[last].duration = lastDuration }
  }

  /// Shows the last picture once more just before its end, so that the time up to there is filled.
  private func holdLast() throws {
    guard let rate = settings.rate(stream.frameRate).value, let pts = held.pts else { return }
    let picture = Int64(Double(HouseTime.perSecond) / rate)
    let rest = min(lastDuration, 10 * HouseTime.perSecond) - picture
    lastDuration = picture
    guard rest > picture else { return }
    held.pts = pts + Rational.ninetyKilohertz.rescale(rest, to: stream.timeBase)
    try graph?.send(&held)
  }

  private func drain(_ spool: inout Spool) throws {
    while decoding.next() {
      let usual = Rational(1, 1).rescale(1, to: stream.timeBase) / Int64(max(1, stream.frameRate.value ?? 25))
      let pts = decoding.frame.bestEffortPTS ?? next ?? 0
      let duration = decoding.frame.duration
      next = pts + max(1, duration > 0 ? duration : usual)
      lastDuration = stream.timeBase.rescale(duration, to: .ninetyKilohertz)
      decoding.frame.pts = pts
      start = start ?? stream.timeBase.rescale(pts, to: .ninetyKilohertz)
      decoding.frame.setKey(false)
      if decoding.frame.shape != shape {
        graph?.finish()
        try filter(&spool)
        shape = decoding.frame.shape
        let chain = settings.chain(rotation: stream.rotation, size: size, frameRate: stream.frameRate)
        graph = try FilterGraph(
          .video, chain, from: decoding.frame.shape, timeBase: stream.timeBase, frameRate: stream.frameRate)
      }
      if settings.isSteady { try held.refer(to: decoding.frame) }
      try graph?.send(&decoding.frame)
      try filter(&spool)
    }
  }

  private func filter(_ spool: inout Spool) throws {
    guard let timeBase = graph?.timeBase else { return }
    while try graph?.receive(into: &filtered) == true {
      if encoder == nil { try open() }
      try encoder?.encode(&filtered, timeBase: timeBase) { try keep($0, $1, &spool) }
    }
  }

  private func open() throws {
    guard let width = graph?.width, let height = graph?.height else { return }
    size = (width, height)
    let settings = settings.settings(width: width, height: height, frameRate: settings.rate(stream.frameRate))
    encoder = try graph?.encoder(settings)
  }

  private func keep(_ packet: borrowing Packet, _ timeBase: Rational, _ spool: inout Spool) throws {
    guard let pts = packet.pts else { return }
    let payload = try packet.withBytes { (bytes: Span<UInt8>) throws(RecorderError) in try spool.append(bytes) }
    units.append(
      Unit(pts: timeBase.rescale(pts, to: .ninetyKilohertz), duration: 0, isKey: packet.isKey, payload: payload))
  }
}
