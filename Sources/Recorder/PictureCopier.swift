import LibAV

/// Copies a picture stream, in the form that a transport stream wants: NAL units in Annex B form.
final class PictureCopier: TrackRecorder {
  let streamIndex: Int
  private(set) var units: [Unit] = []
  private(set) var skipped = 0
  var start: Int64? { units.first?.pts }
  private let timeBase: Rational
  private var filter: BitstreamFilter?
  private var filtered: Packet
  private let nals: ParameterSets.Codec?
  /// Parameter sets in Annex B form, for key frames that come without.
  private let sets: [UInt8]
  private let plain: CodecParameters

  init(_ stream: StreamDescription, _ parameters: consuming CodecParameters) throws(LibAVError) {
    streamIndex = stream.index
    timeBase = stream.timeBase
    filtered = try Packet()
    switch stream.codec {
    case "h264":
      nals = .h264
      let filter = try BitstreamFilter("h264_mp4toannexb", parameters: parameters, timeBase: timeBase)
      plain = try filter.parameters()
      self.filter = consume filter
    case "hevc":
      nals = .hevc
      let filter = try BitstreamFilter("hevc_mp4toannexb", parameters: parameters, timeBase: timeBase)
      plain = try filter.parameters()
      self.filter = consume filter
    default:
      nals = nil
      filter = nil
      plain = parameters
    }
    let extradata = plain.extradata
    sets = extradata.starts(with: [0, 0, 1]) || extradata.starts(with: [0, 0, 0, 1]) ? extradata : []
  }

  func parameters() throws -> CodecParameters { try plain.copy() }

  func record(_ packet: borrowing Packet, _ spool: inout Spool) throws {
    if packet.isDiscard || packet.pts == nil { throw PictureNeedsTranscoding() }
    if packet.isCorrupt || packet.size == 0 {
      skipped += 1
      return
    }
    guard filter != nil else { return try keep(packet, &spool) }
    try filtered.refer(to: packet)
    do {
      try filter?.send(&filtered)
      while try filter?.receive(into: &filtered) == true { try keep(filtered, &spool) }
    } catch let error as LibAVError where error.isInvalidData {
      skipped += 1
    }
  }

  func finish(_ spool: inout Spool) throws {
    filter?.finish()
    while try filter?.receive(into: &filtered) == true { try keep(filtered, &spool) }
  }

  private func keep(_ packet: borrowing Packet, _ spool: inout Spool) throws {
    guard let pts = packet.pts else { throw PictureNeedsTranscoding() }
    let payload = try packet.withBytes { (bytes: Span<UInt8>) throws(RecorderError) in
      guard packet.isKey, let nals, !sets.isEmpty, let point = ParameterSets.insertionPoint(in: bytes, codec: nals)
      else { return try spool.append(bytes) }
      var whole: [UInt8] = []
      for index in 0..<point { whole.append(bytes[index]) }
      whole += sets
      for index in point..<bytes.count { whole.append(bytes[index]) }
      return try spool.append(whole.span)
    }
    units.append(
      Unit(
        pts: timeBase.rescale(pts, to: .ninetyKilohertz),
        duration: timeBase.rescale(packet.duration, to: .ninetyKilohertz), isKey: packet.isKey, payload: payload))
  }
}
