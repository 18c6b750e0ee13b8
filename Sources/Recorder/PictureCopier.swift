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
  private let nals: NALUnits.Codec?
  /// Parameter sets in Annex B form, for key frames that come without.
  private let sets: [UInt8]
  private let plain: CodecParameters
  private var first: Int64?
  private var hasBegun = false

  /// So much of the picture may be lost before a key frame that a programme can begin with, 90 kHz.
  private static let patience = 3 * HouseTime.perSecond

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
    let time = timeBase.rescale(pts, to: .ninetyKilohertz)
    let unit = try packet.withBytes { (bytes: Span<UInt8>) throws(RecorderError) in
      let form = form(bytes, isKey: packet.isKey)
      let payload = if let whole = form.changed { try spool.append(whole.span) } else { try spool.append(bytes) }
      return Unit(
        pts: time, duration: timeBase.rescale(packet.duration, to: .ninetyKilohertz), isKey: packet.isKey,
        isClean: form.isClean, payload: payload)
    }
    hasBegun = hasBegun || (unit.isKey && unit.isClean)
    if !hasBegun {
      // Recordings of broadcasts may have no key frame that a programme can begin with, or none for long.
      first = first ?? time
      if time - (first ?? time) > PictureCopier.patience { throw PictureNeedsTranscoding() }
      return
    }
    units.append(unit)
  }

  /// What a key frame must become to be a way in, and at the programme's beginning to follow any other programme.
  private func form(_ bytes: Span<UInt8>, isKey: Bool) -> (changed: [UInt8]?, isClean: Bool) {
    guard isKey, let nals else { return (nil, isKey) }
    let isClean = NALUnits.isClean(bytes, codec: nals)
    let point = sets.isEmpty ? nil : NALUnits.insertionPoint(in: bytes, codec: nals)
    let breaksLink = !isClean && !hasBegun && nals == .hevc
    guard point != nil || breaksLink else { return (nil, isClean) }
    var whole: [UInt8] = []
    whole.reserveCapacity(bytes.count + sets.count)
    for index in 0..<(point ?? 0) { whole.append(bytes[index]) }
    if point != nil { whole += sets }
    for index in (point ?? 0)..<bytes.count { whole.append(bytes[index]) }
    if breaksLink { NALUnits.breakLink(in: &whole) }
    return (whole, breaksLink ? NALUnits.isClean(whole.span, codec: nals) : isClean)
  }
}
