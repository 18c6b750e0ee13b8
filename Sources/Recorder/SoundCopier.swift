import LibAV

/// Copies an audio track; AAC gets an ADTS header before each frame, as transport streams carry it.
final class SoundCopier: TrackRecorder {
  let streamIndex: Int
  private(set) var units: [Unit] = []
  private(set) var skipped = 0
  var start: Int64? { units.first?.pts }
  private let timeBase: Rational
  private let header: ADTSHeader?
  private let plain: CodecParameters
  private let frame: AudioFrameLength

  init(_ stream: StreamDescription, _ parameters: consuming CodecParameters) {
    streamIndex = stream.index
    timeBase = stream.timeBase
    header = stream.codec == "aac" ? ADTSHeader(audioSpecificConfig: stream.extradata) : nil
    frame = AudioFrameLength(samples: Int64(stream.frameSize), rate: Int64(stream.sampleRate))
    if stream.codec == "aac" { parameters.removeExtradata() }
    plain = parameters
  }

  func parameters() throws -> CodecParameters { try plain.copy() }

  func record(_ packet: borrowing Packet, _ spool: inout Spool) throws {
    if packet.isDiscard { return }
    if packet.isCorrupt || packet.size == 0 {
      skipped += 1
      return
    }
    let previous = units.last.map { $0.pts + ($0.duration > 0 ? $0.duration : frame.ticks(1)) }
    guard let pts = (packet.pts ?? packet.dts).map({ timeBase.rescale($0, to: .ninetyKilohertz) }) ?? previous else {
      skipped += 1
      return
    }
    let payload = try packet.withBytes { (bytes: Span<UInt8>) throws(RecorderError) -> Extent? in
      guard let header, !ADTSHeader.stands(before: bytes) else { return try spool.append(bytes) }
      guard var whole = header.bytes(before: bytes.count) else { return nil }
      for index in bytes.indices { whole.append(bytes[index]) }
      return try spool.append(whole.span)
    }
    guard let payload else {
      skipped += 1
      return
    }
    units.append(
      Unit(
        pts: pts, duration: timeBase.rescale(packet.duration, to: .ninetyKilohertz), isKey: true, payload: payload))
  }

  func finish(_ spool: inout Spool) {}
}
