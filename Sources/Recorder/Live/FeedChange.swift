import LibAV

extension RecordingPlan {
  /// Whether a feed's streams are no longer those that the plan was made for: one that is used has gone or is of another
  /// codec, or one has come that is wanted and was not there.
  ///
  /// - Parameters:
  ///   - before: the streams that it was planned with, by their indices.
  ///   - now: those there are by now: more of them, never fewer.
  ///   - mapped: which of them the feed names still; nil when it never says.
  func isOutdated(_ before: [StreamDescription], by now: [StreamDescription], mapped: Set<Int>?) -> Bool {
    func isThere(_ index: Int) -> Bool { mapped.map { $0.contains(index) } ?? true }
    for index in ([video] + audio).compactMap({ $0?.index }) {
      guard now.indices.contains(index), isThere(index), now[index].codec == before[index].codec else { return true }
    }
    /// Whether a stream of the kind has come, or has come to be known.
    func hasCome(_ kind: StreamDescription.Kind) -> Bool {
      now.indices.contains { index in
        guard now[index].kind == kind, now[index].codec != "none", !now[index].isAttachedPicture else { return false }
        return isThere(index) && (!before.indices.contains(index) || before[index].codec == "none")
      }
    }
    return (video == .filler && hasCome(.video)) || (audio.contains(.filler) && hasCome(.audio))
  }
}

extension RecordingPlan.Source {
  /// The feed's stream; nil of a filler.
  var index: Int? {
    switch self {
    case .copy(let index), .transcode(let index): index
    case .filler: nil
    }
  }
}
