import LibAV

/// Frames in, frames as a transport stream carries them out.
struct SoundEncoder: ~Copyable {
  private var encoder: Encoder
  private var packet: Packet
  private let header: ADTSHeader?

  init(_ settings: SoundSettings, for graph: borrowing FilterGraph) throws {
    let packet = try Packet()
    let encoder = try Encoder(settings.settings, for: graph)
    let extradata = try encoder.parameters().extradata
    let header = settings.codec == "aac" ? ADTSHeader(audioSpecificConfig: extradata) : nil
    if settings.codec == "aac", header == nil {
      throw RecorderError(.internal, "cannot encode \(settings.channels) channels of AAC at \(settings.sampleRate) Hz")
    }
    self.header = header
    self.packet = packet
    self.encoder = encoder
  }

  func parameters() throws(LibAVError) -> CodecParameters {
    var parameters = try encoder.parameters()
    if header != nil { parameters.removeExtradata() }
    return parameters
  }

  /// Encodes a frame (nil: no more will come) that has its PTS in `timeBase`; hands over what comes out, with PTS in
  /// 90 kHz units.
  mutating func encode(_ frame: inout Frame, timeBase: Rational, _ body: (Int64, [UInt8]) throws -> Void) throws {
    frame.pts = frame.pts.map { timeBase.rescale($0, to: encoder.timeBase) }
    try encoder.send(frame)
    try receive(body)
  }

  mutating func finish(_ body: (Int64, [UInt8]) throws -> Void) throws {
    encoder.finish()
    try receive(body)
  }

  private mutating func receive(_ body: (Int64, [UInt8]) throws -> Void) throws {
    while try encoder.receive(into: &packet) {
      let bytes = packet.withBytes { bytes in
        var whole = header?.bytes(before: bytes.count) ?? []
        for index in bytes.indices { whole.append(bytes[index]) }
        return whole
      }
      guard let pts = packet.pts else { continue }
      try body(encoder.timeBase.rescale(pts, to: .ninetyKilohertz), bytes)
    }
  }
}

extension SoundSettings {
  /// Tries the encoder out: whether it makes such sound, only it knows.
  func confirmEncodable() throws(RecorderError) {
    do {
      _ = try SoundEncoder(self, for: FilterGraph(.audio, generating: silence))
    } catch {
      throw RecorderError(
        .configuration,
        "the house format asks for \(channels) channel\(channels == 1 ? "" : "s") of \(codec) at \(sampleRate) Hz, which "
          + "no encoder here makes: give the station another \"format\"")
    }
  }
}

extension FilterGraph {
  /// An encoder for what comes out of the graph.
  func encoder(_ settings: SoundSettings) throws -> SoundEncoder { try SoundEncoder(settings, for: self) }
}
