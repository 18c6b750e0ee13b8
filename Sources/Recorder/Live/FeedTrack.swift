import LibAV

/// One of a feed's streams on its way to one of the house's.
protocol FeedTrack: AnyObject {
  /// The feed's stream whose packets it wants.
  var streamIndex: Int { get }
  /// Takes a packet with times in endless 90 kHz counts; hands over what has become of it and of those before it.
  func take(_ packet: borrowing Packet, arrival: Int64, _ deliver: (LiveUnit) -> Void) throws
}

/// A feed's pictures as they are, in the form that a transport stream wants.
final class FeedPicture: FeedTrack {
  let streamIndex: Int
  private var filter: BitstreamFilter?
  private var filtered: Packet
  private let nals: NALUnits.Codec?
  /// Parameter sets in Annex B form, for key pictures that come without.
  private let sets: [UInt8]
  private var hasBegun = false
  private var last: (pts: Int64, dts: Int64)?
  /// DTS of the first picture that libav takes for a key picture.
  private var firstKey: Int64?

  /// So long after a key picture that nobody can begin with, there is no other kind: 90 kHz.
  private static let patience = 4 * HouseTime.perSecond

  /// The picture cannot be copied: decode it.
  struct CannotBeCopied: Error {}

  init(_ stream: StreamDescription, _ parameters: consuming CodecParameters) throws(LibAVError) {
    streamIndex = stream.index
    filtered = try Packet()
    let extradata: [UInt8]
    switch stream.codec {
    case "h264", "hevc":
      nals = stream.codec == "h264" ? .h264 : .hevc
      let filter = try BitstreamFilter(
        "\(stream.codec)_mp4toannexb", parameters: parameters, timeBase: .ninetyKilohertz)
      extradata = try filter.parameters().extradata
      self.filter = consume filter
    default:
      nals = nil
      filter = nil
      extradata = []
    }
    sets = extradata.starts(with: [0, 0, 1]) || extradata.starts(with: [0, 0, 0, 1]) ? extradata : []
  }

  func take(_ packet: borrowing Packet, arrival: Int64, _ deliver: (LiveUnit) -> Void) throws {
    if packet.isCorrupt || packet.size == 0 { return }
    guard filter != nil else { return try keep(packet, arrival, deliver) }
    try filtered.refer(to: packet)
    do {
      try filter?.send(&filtered)
      while try filter?.receive(into: &filtered) == true { try keep(filtered, arrival, deliver) }
    } catch let error as LibAVError where error.isInvalidData {
      return
    }
  }

  private func keep(_ packet: borrowing Packet, _ arrival: Int64, _ deliver: (LiveUnit) -> Void) throws {
    guard let pts = packet.pts ?? packet.dts else { return }
    let dts = try packet.dts ?? decodingTime(of: pts)
    let (bytes, isKey) = packet.withBytes { form($0, isKey: packet.isKey) }
    last = (pts, dts)
    hasBegun = hasBegun || isKey
    guard hasBegun else {
      if packet.isKey { firstKey = firstKey ?? dts }
      if let firstKey, dts - firstKey > FeedPicture.patience { throw CannotBeCopied() }
      return
    }
    deliver(LiveUnit(stream: .video, bytes: bytes, pts: pts, dts: min(dts, pts), isKey: isKey, arrival: arrival))
  }

  /// RTP says no decoding times. Where pictures come in the order in which they are shown, there is no need to.
  private func decodingTime(of pts: Int64) throws -> Int64 {
    guard let last, pts < last.pts, last.pts - pts < FeedOrder.jump else { return pts }
    throw CannotBeCopied()
  }

  /// What the picture must become to be a way in, and whether it is one.
  private func form(_ bytes: Span<UInt8>, isKey: Bool) -> ([UInt8], Bool) {
    var whole: [UInt8] = []
    whole.reserveCapacity(bytes.count + sets.count)
    // Annex B: decoding can begin where NAL units say so, whatever the container says.
    guard let nals else {
      for index in bytes.indices { whole.append(bytes[index]) }
      return (whole, isKey)
    }
    var isClean = NALUnits.isClean(bytes, codec: nals)
    let point = isClean ? NALUnits.insertionPoint(in: bytes, codec: nals) : nil
    if point != nil, sets.isEmpty { isClean = false }
    for index in 0..<(point ?? 0) { whole.append(bytes[index]) }
    if point != nil { whole += sets }
    for index in (point ?? 0)..<bytes.count { whole.append(bytes[index]) }
    return (whole, isClean)
  }
}
