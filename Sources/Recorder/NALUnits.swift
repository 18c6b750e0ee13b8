/// What a recorder must know of NAL units in Annex B form (ISO/IEC 14496-10 and 23008-2).
enum NALUnits {
  enum Codec: Sendable { case h264, hevc }

  /// Whether the key frame in `unit` makes a decoder forget all that came before: an IDR picture; in HEVC a picture
  /// with a broken link as well.
  static func isClean(_ unit: Span<UInt8>, codec: Codec) -> Bool {
    guard let slice = firstSlice(in: unit, codec: codec) else { return false }
    return codec == .h264 ? slice.type == 5 : (16...20).contains(slice.type)
  }

  /// Makes the clean random access picture in `unit`, if it is one, a picture with a broken link (type 21 to 18): it
  /// says of itself then that what comes before it is not what it was coded behind, and that no picture follows that
  /// is shown before it (23008-2 §7.4.2.2).
  static func breakLink(in unit: inout [UInt8]) {
    var at = 0
    while let start = startCode(in: unit.span, from: at) {
      at = start + 3
      guard at < unit.count else { return }
      if unit[at] >> 1 & 0x3F == 21 { unit[at] = unit[at] & 0x81 | 18 << 1 }
    }
  }

  /// Where to put parameter sets into the access unit, for a receiver that begins there: nil when it has a sequence
  /// parameter set of its own before its first slice; behind an access unit delimiter, if one comes first.
  static func insertionPoint(in unit: Span<UInt8>, codec: Codec) -> Int? {
    var point = 0
    var isFirst = true
    var at = 0
    while let start = startCode(in: unit, from: at), start + 3 < unit.count {
      let type = type(unit[start + 3], codec)
      if type == (codec == .h264 ? 7 : 33) { return nil }
      if isSlice(type, codec) { return point }
      if isFirst, type == (codec == .h264 ? 9 : 35) { point = end(of: start, in: unit) }
      isFirst = false
      at = start + 3
    }
    return point
  }

  /// H.264's parameter sets (types 7 and 8) in an access unit, each with its start code, and whether a slice is there.
  static func parameterSets(in unit: Span<UInt8>) -> (sets: [UInt8], hasSlice: Bool) {
    var sets: [UInt8] = []
    var at = 0
    while let start = startCode(in: unit, from: at), start + 3 < unit.count {
      let type = type(unit[start + 3], .h264)
      if isSlice(type, .h264) { return (sets, true) }
      if type == 7 || type == 8 {
        sets.append(0)
        for index in start..<end(of: start, in: unit) { sets.append(unit[index]) }
      }
      at = start + 3
    }
    return (sets, false)
  }

  private static func firstSlice(in unit: Span<UInt8>, codec: Codec) -> (at: Int, type: UInt8)? {
    var at = 0
    while let start = startCode(in: unit, from: at), start + 3 < unit.count {
      let type = type(unit[start + 3], codec)
      if isSlice(type, codec) { return (start, type) }
      at = start + 3
    }
    return nil
  }

  /// nal_unit_type out of a unit's first byte.
  private static func type(_ header: UInt8, _ codec: Codec) -> UInt8 {
    codec == .h264 ? header & 0x1F : header >> 1 & 0x3F
  }

  private static func isSlice(_ type: UInt8, _ codec: Codec) -> Bool {
    codec == .h264 ? (1...5).contains(type) : type < 32
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
