/// What the transmitter says is wrong with a station.
struct AirFault: Equatable, Sendable {
  /// One sentence.
  let reason: String
  /// Whether nothing of it is sent; it may be on the air all the same, without what cannot be played.
  var isSilent = true
}
