/// Sequence and picture parameter sets in a stream of NAL units in Annex B form (ISO/IEC 14496-10 and 23008-2):
/// a receiver that begins at a key frame needs them there.
enum ParameterSets {
  enum Codec { case h264, hevc }

  /// Where to put `sets` into the access unit: nil when it has a sequence parameter set of its own before its first
  /// slice; behind an access unit delimiter, if one comes first.
  static func insertionPoint(in unit: Span<UInt8>, codec: Codec) -> Int? {
    var point = 0
    var isFirst = true
    var at = 0
    while let start = startCode(in: unit, from: at) {
      guard start + 3 < unit.count else { break }
      let header = unit[start + 3]
      switch codec {
      case .h264:
        let type = header & 0x1F
        if type == 7 { return nil }
        if (1...5).contains(type) { return point }
        if type == 9, isFirst { point = end(of: start, in: unit) }
      case .hevc:
        let type = header >> 1 & 0x3F
        if type == 33 { return nil }
        if type < 32 { return point }
        if type == 35, isFirst { point = end(of: start, in: unit) }
      }
      isFirst = false
      at = start + 3
    }
    return point
  }

  /// The first 00 00 01 at or after `from`.
  private static func startCode(in unit: Span<UInt8>, from: Int) -> Int? {
    var at = from
    while at + 2 < unit.count {
      if unit[at + 2] > 1 {
        at += 3
      } else if unit[at] == 0, unit[at + 1] == 0, unit[at + 2] == 1 {
        return at
      } else {
        at += 1
      }
    }
    return nil
  }

  /// Where the NAL unit whose start code is at `start` ends: at the next start code's first zero.
  private static func end(of start: Int, in unit: Span<UInt8>) -> Int {
    guard let next = startCode(in: unit, from: start + 3) else { return unit.count }
    return next > 0 && unit[next - 1] == 0 ? next - 1 : next
  }
}
