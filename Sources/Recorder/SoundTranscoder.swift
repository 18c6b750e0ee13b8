import LibAV

/// Decodes an audio track and encodes it in the house's format.
final class SoundTranscoder: TrackRecorder {
  let streamIndex: Int
  private(set) var units: [Unit] = []
  private(set) var skipped = 0
  private(set) var start: Int64?
  private let timeBase: Rational
  private let settings: SoundSettings
  private var decoder: Decoder
  private var decoded: Frame
  private var filtered: Frame
  private var graph: FilterGraph?
  private var shape: Frame.Shape?
  private var encoder: SoundEncoder?
  private var next: Int64?

  init(_ stream: StreamDescription, _ parameters: consuming CodecParameters, _ settings: SoundSettings) throws {
    streamIndex = stream.index
    timeBase = stream.timeBase
    self.settings = settings
    decoder = try Decoder(parameters, timeBase: timeBase)
    decoded = try Frame()
    filtered = try Frame()
  }

  func parameters() throws -> CodecParameters {
    guard let parameters = try encoder?.parameters() else {
      throw RecorderError(.badMedia, "none of its sound could be decoded")
    }
    return parameters
  }

  func record(_ packet: borrowing Packet, _ spool: inout Spool) throws {
    do {
      try decoder.send(packet)
    } catch {
      skipped += 1
      return
    }
    try drain(&spool)
  }

  func finish(_ spool: inout Spool) throws {
    decoder.finish()
    try drain(&spool)
    graph?.finish()
    try filter(&spool)
    try encoder?.finish { try keep($0, $1, &spool) }
  }

  private func drain(_ spool: inout Spool) throws {
    while true {
      do {
        guard try decoder.receive(into: &decoded) else { return }
      } catch {
        skipped += 1
        return
      }
      guard decoded.sampleCount > 0, decoded.sampleRate > 0 else { continue }
      let pts = decoded.bestEffortPTS ?? next ?? 0
      let length = Rational(1, Int32(clamping: decoded.sampleRate)).rescale(Int64(decoded.sampleCount), to: timeBase)
      next = pts + length
      decoded.pts = pts
      start = start ?? timeBase.rescale(pts, to: .ninetyKilohertz)
      if decoded.shape != shape {
        graph?.finish()
        try filter(&spool)
        shape = decoded.shape
        graph = try FilterGraph(.audio, settings.chain, from: decoded.shape, timeBase: timeBase)
      }
      try graph?.send(&decoded)
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
