import LibAV
import LinuxIO
import Tape

/// What stands in for what a source does not have: silence, and the station's card. Both are encoded once, and then
/// repeated for as long as it takes.
struct Fillers {
  let house: HouseFormat
  /// What the card says: the station's name, and perhaps why it is shown.
  let card: [String]
  let bitrate: Int?

  init(_ house: HouseFormat, card: [String], bitrate: Int?) {
    self.house = house
    self.card = card
    self.bitrate = bitrate
  }

  struct Silence {
    let payload: Extent
    let frame: AudioFrameLength
    let parameters: StreamParameters
  }

  /// A silent frame for track `index`, of `length` where that is a multiple of what the encoder makes.
  func silence(_ index: Int, length: AudioFrameLength? = nil, _ spool: inout Spool) throws -> Silence {
    let format = house.audio[index]
    let settings = SoundSettings(format)
    var graph = try FilterGraph(.audio, generating: settings.silence)
    var encoder = try SoundEncoder(settings, for: graph)
    var frame = try Frame()
    var made: [[UInt8]] = []
    // The first frames still swing in; a later one can follow itself.
    while made.count < 12, try graph.receive(into: &frame) {
      try encoder.encode(&frame, timeBase: graph.timeBase) { made.append($1) }
    }
    guard let one = made.last else { throw RecorderError(.internal, "cannot encode silence with \(format.codec)") }
    let repeats = length.map { $0.samples % settings.frame.samples == 0 ? $0.samples / settings.frame.samples : 1 } ?? 1
    let bytes = Array(repeatElement(one, count: Int(max(1, repeats))).joined())
    return Silence(
      payload: try spool.append(bytes.span),
      frame: AudioFrameLength(samples: settings.frame.samples * max(1, repeats), rate: settings.frame.rate),
      parameters: StreamParameters(try encoder.parameters(), language: format.language))
  }

  struct Card {
    /// One group of pictures, with PTS from 0; every group is like it.
    let group: [Unit]
    /// Of one picture, 90 kHz.
    let pictureDuration: Int64
    let parameters: StreamParameters
  }

  /// A still picture, 25 a second, one group of two seconds.
  func card(_ spool: inout Spool) throws -> Card {
    let codec = house.video?.codec ?? "h264"
    let rate = Rational(25, 1)
    let length: Int64 = 3_600
    var graph = try CardPicture(lines: card, width: 1280, height: 720).graph()
    let settings = PictureSettings(codec: codec, bitrate: bitrate, house: house)
      .settings(width: 1280, height: 720, frameRate: rate, isStill: true)
    var encoder = try PictureEncoder(settings, for: graph, isOrdered: true)
    var frame = try Frame()
    var group: [Unit] = []
    func keep(_ packet: borrowing Packet, _ timeBase: Rational, _ spool: inout Spool) throws {
      let payload = try packet.withBytes { (bytes: Span<UInt8>) throws(RecorderError) in try spool.append(bytes) }
      group.append(
        Unit(pts: Int64(group.count) * length, duration: length, isKey: packet.isKey, payload: payload))
    }
    for _ in 0..<50 {
      guard try graph.receive(into: &frame) else { break }
      try encoder.encode(&frame, timeBase: graph.timeBase) { try keep($0, $1, &spool) }
    }
    try encoder.finish { try keep($0, $1, &spool) }
    guard group.first?.isKey == true else { throw RecorderError(.internal, "cannot encode a card with \(codec)") }
    return Card(
      group: group, pictureDuration: length, parameters: StreamParameters(try encoder.parameters(), language: nil))
  }
}
