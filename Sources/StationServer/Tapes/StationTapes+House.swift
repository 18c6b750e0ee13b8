import Tape

/// The house format: where a station has it from.
extension StationTapes {
  /// What streams a station has that nothing tells: its files are bad or gone, and it shows its card.
  static let standardFormat = HouseFormat(
    video: HouseFormat.Video(codec: "h264"),
    audio: [HouseFormat.Audio(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 2)])

  /// A recorder has opened the source, and its tape will have this format.
  ///
  /// - Returns: whether that is the house format from now on.
  mutating func found(_ format: HouseFormat, by request: TapeRequest) -> Bool {
    guard house == nil, request.format == nil,
      let index = programmes.firstIndex(where: { programme in
        programme.source.map { self.request($0, nil) == request } ?? false
      })
    else { return false }
    house = format
    definer = index
    return true
  }

  /// Nothing tells what streams the station has: it has the standard ones from now on.
  mutating func takeStandardFormat() { house = house ?? Self.standardFormat }

  /// Keeps the house format of an earlier run: that of the tape which the station was playing in its own format, if it is
  /// still there. Without this a first programme whose recorder only fails would hold the station up again.
  ///
  /// Where that programme is another now, or gone, the format stays as long as any tape made in it is wanted: what is ready
  /// must not wait for what has changed.
  ///
  /// - Parameters:
  ///   - wasOnStandby: it showed its card: then the card's format stays.
  ///   - played: the format that the station had on the air.
  mutating func settle(
    wasPlaying: (TapeRequest) -> Bool, wasOnStandby: Bool = false, played: @autoclosure () -> HouseFormat?,
    status: (TapeRequest) -> TapeStatus
  ) {
    guard house == nil else { return }
    for (index, programme) in programmes.enumerated() {
      guard let source = programme.source, wasPlaying(request(source, nil)) else { continue }
      guard case .ready(let tape) = status(request(source, nil)) else { continue }
      house = tape.info.format
      definer = index
      return
    }
    guard let played = played() else { return }
    for (index, programme) in programmes.enumerated() where wasOnStandby {
      // Its tape was made to give the format, and got ready before it could be played.
      guard let source = programme.source, case .ready(let tape) = status(request(source, nil)),
        tape.info.format == played
      else { continue }
      definer = index
      break
    }
    if wasOnStandby {
      house = played
      return
    }
    for source in programmes.compactMap(\.source) {
      guard case .ready = status(request(source, played)) else { continue }
      house = played
      return
    }
  }
}
