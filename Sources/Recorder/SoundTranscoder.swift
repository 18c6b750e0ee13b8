import LibAV

/// Decodes an audio track and encodes it in the house's format.
final class SoundTranscoder: TrackRecorder {
  let streamIndex: Int
  private(set) var units: [Unit] = []
  var skipped: Int { decoding.skipped }
  private(set) var start: Int64?
  private let timeBase: Rational
  private let settings: SoundSettings
  private var decoding: Decoding
  private var filtered: Frame
  private var graph: FilterGraph?
  private var shape: Frame.Shape?
  private var encoder: SoundEncoder?
  private var next: Int64?

  init(_ stream: StreamDescription, _ parameters: consuming CodecParameters, _ settings: SoundSettings) throws {
    streamIndex = stream.index
    timeBase = stream.timeBase
    self.settings = settings
    decoding = try Decoding(parameters, timeBase: timeBase)
    filtered = try Frame()
  }

  func parameters() throws -> CodecParameters {
    guard let parameters = try encoder?.parameters() else {
      throw RecorderError(.badMedia, "none of its sound could be decoding.frame")
    }
    return parameters
  }

  func record(_ packet: borrowing Packet, _ spool: inout Spool) throws {
    if decoding.take(packet) { try drain(&spool) }
  }

  func finish(_ spool: inout Spool) throws {
    decoding.finish()
    try drain(&spool)
    graph?.finish()
    try filter(&spool)
    try encoder?.finish { try keep($0, $1, &spool) }
  }

  private func drain(_ spool: inout Spool) throws {
    while decoding.next() {
      guard decoding.frame.sampleCount > 0, decoding.frame.sampleRate > 0 else { continue }
      let pts = decoding.frame.bestEffortPTS ?? next ?? 0
      let length = Rational(1, Int32(clamping: decoding.frame.sampleRate))
        .rescale(Int64(decoding.frame.sampleCount), to: timeBase)
      next = pts + length
      decoding.frame.pts = pts
      start = start ?? timeBase.rescale(pts, to: .ninetyKilohertz)
      if decoding.frame.shape != shape {
        graph?.finish()
        try filter(&spool)
        shape = decoding.frame.shape
        graph = try FilterGraph(.audio, settings.chain, from: decoding.frame.shape, timeBase: timeBase)
      }
      try graph?.send(&decoding.frame)
      try filter(&spool)
    }
  }

  private func filter(_ spool: inout Spool) throws {
    guard let timeBase = graph?.timeBase else { return }
    while try graph?.receive(into: &filtered) == true {
      if encoder == nil { encoder = try graph?.encoder(settings) }
      try encoder?.encode(&filtered, timeBase: timeBase) { try keep($0, $1, &spool) }
    }
  }

  private func keep(_ pts: Int64, _ bytes: [UInt8], _ spool: inout Spool) throws {
    units.append(Unit(pts: pts, duration: 0, isKey: true, payload: try spool.append(bytes.span)))
  }
}
