import LibAV

/// Pictures in, access units out, with a key frame at least every two seconds.
struct PictureEncoder: ~Copyable {
  private var encoder: Encoder
  private var packet: Packet
  private var nextKey: Int64 = .min
  private var last: Int64 = .min
  private let isOrdered: Bool

  /// - Parameter isOrdered: pictures are coded in the order in which they are shown, whatever the settings allow.
  init(_ settings: Encoder.Settings, for graph: borrowing FilterGraph, isOrdered: Bool = false) throws {
    let encoder = try Encoder(settings, for: graph)
    packet = try Packet()
    self.encoder = encoder
    self.isOrdered = isOrdered
  }

  func parameters() throws(LibAVError) -> CodecParameters { try encoder.parameters() }

  /// Encodes a picture that has its PTS in `timeBase`; one that is not later than the one before is left out.
  mutating func encode(
    _ frame: inout Frame, timeBase: Rational, _ body: (borrowing Packet, Rational) throws -> Void
  ) throws {
    guard let pts = frame.pts.map({ timeBase.rescale($0, to: encoder.timeBase) }), pts > last else { return }
    last = pts
    let time = encoder.timeBase.rescale(pts, to: .ninetyKilohertz)
    frame.pts = pts
    frame.setKey(time >= nextKey)
    if isOrdered, time < nextKey { frame.setForward() }
    if time >= nextKey { nextKey = time + PictureSettings.keyPeriod }
    try encoder.send(frame)
    try receive(body)
  }

  mutating func finish(_ body: (borrowing Packet, Rational) throws -> Void) throws {
    encoder.finish()
    try receive(body)
  }

  private mutating func receive(_ body: (borrowing Packet, Rational) throws -> Void) throws {
    while try encoder.receive(into: &packet) { try body(packet, encoder.timeBase) }
  }
}

extension FilterGraph {
  /// An encoder for what comes out of the graph.
  func encoder(_ settings: Encoder.Settings) throws -> PictureEncoder { try PictureEncoder(settings, for: self) }
}
