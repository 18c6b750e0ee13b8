/// A camera's H.264 as a transport stream carries it: parameter sets before each picture that decoding can begin with,
/// wherever the camera puts them: there, at its start only, or into a buffer of their own.
struct ParameterSets {
  /// Those that came last, in Annex B form.
  private var latest: [UInt8] = []

  /// Puts the latest parameter sets into an access unit that needs them and has none.
  ///
  /// - Returns: whether decoding can begin at it; nil when there is no picture in it.
  mutating func complete(_ unit: inout [UInt8]) -> Bool? {
    let (own, hasSlice) = NALUnits.parameterSets(in: unit.span)
    if !own.isEmpty { latest = own }
    guard hasSlice else { return nil }
    guard NALUnits.isClean(unit.span, codec: .h264) else { return false }
    if let point = NALUnits.insertionPoint(in: unit.span, codec: .h264) {
      guard !latest.isEmpty else { return false }
      unit.insert(contentsOf: latest, at: point)
    }
    return true
  }
}
