/// The seven bytes that stand before each AAC frame in a transport stream (ISO/IEC 14496-3 §1.A.2.2.1), made out of the
/// AudioSpecificConfig (§1.6.2.1) that other containers keep once.
///
///     syncword 12 | id 1 = 0 | layer 2 = 0 | protection absent 1 = 1 | profile 2 | sampling index 4 | private 1 |
///     channels 3 | original, home, copyright 4 | frame length 13 | buffer fullness 11 = 0x7FF | raw blocks - 1: 2 = 0
struct ADTSHeader: Hashable, Sendable {
  static let size = 7

  /// audioObjectType - 1: 0 Main, 1 LC, 2 SSR, 3 LTP.
  let profile: UInt8
  /// Index into the table of sampling frequencies.
  let samplingIndex: UInt8
  /// channelConfiguration, 1...7.
  let channels: UInt8

  /// Nil for what ADTS cannot say: an unusual sampling frequency, channels described one by one, newer object types.
  init?(audioSpecificConfig bytes: [UInt8]) {
    var bits = BitReader(bytes)
    guard var type = ADTSHeader.objectType(&bits), let index = bits.read(4), index < 13, let channels = bits.read(4)
    else { return nil }
    // Spectral band replication, announced up front: the frames are those of the core that follows.
    if type == 5 || type == 29 {
      guard let extensionIndex = bits.read(4) else { return nil }
      if extensionIndex == 15, bits.read(24) == nil { return nil }
      guard let core = ADTSHeader.objectType(&bits) else { return nil }
      type = core
    }
    guard (1...4).contains(type), (1...7).contains(channels) else { return nil }
    // 960 samples a frame instead of 1024: ADTS has no bit for it.
    guard bits.read(1) == 0 else { return nil }
    profile = UInt8(type - 1)
    samplingIndex = UInt8(index)
    self.channels = UInt8(channels)
  }

  private static func objectType(_ bits: inout BitReader) -> Int? {
    guard let type = bits.read(5) else { return nil }
    guard type == 31 else { return type }
    return bits.read(6).map { 32 + $0 }
  }

  /// The header of a frame of `count` bytes; nil when it is too long for the field.
  func bytes(before count: Int) -> [UInt8]? {
    let length = count + ADTSHeader.size
    guard length < 1 << 13 else { return nil }
    return [
      0xFF, 0xF1,
      profile << 6 | samplingIndex << 2 | channels >> 2,
      (channels & 3) << 6 | UInt8(length >> 11),
      UInt8(length >> 3 & 0xFF),
      UInt8(length & 7) << 5 | 0x1F,
      0xFC,
    ]
  }

  /// Whether a frame has such a header already.
  static func stands(before frame: Span<UInt8>) -> Bool {
    frame.count > size && frame[0] == 0xFF && frame[1] & 0xF6 == 0xF0
  }
}

/// Most significant bit first.
private struct BitReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func read(_ count: Int) -> Int? {
    guard position + count <= bytes.count * 8 else { return nil }
    var value = 0
    for _ in 0..<count {
      value = value << 1 | Int(bytes[position / 8] >> (7 - position % 8) & 1)
      position += 1
    }
    return value
  }
}
