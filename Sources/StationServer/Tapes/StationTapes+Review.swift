import Tape

/// What there is to play, what has to be made first, and what cannot be played.
extension StationTapes {
  /// A programme that can be played.
  struct Playable: Sendable {
    let programme: Int
    let request: TapeRequest
    let tape: Tape
  }

  /// What a look at the tapes found.
  struct Review {
    var wanted: [(request: TapeRequest, programme: Int)] = []
    /// In the order of the schedule.
    var playable: [Playable] = []
    /// A sentence for each programme that cannot be played.
    var faults: [String] = []
    /// How far the tape is that the station waits for, in percent.
    var percent = 0

    /// Whether there is nothing to play, and nothing that is just being made: whatever is wanted has failed often.
    var isHopeless = false
  }

  /// Looks at the tapes again.
  mutating func review(_ status: (TapeRequest) -> TapeStatus) -> Review {
    var review = Review()
    review.faults = listingFaults
    if house == nil {
      guard findHouse(status, &review) else { return review }
      review = Review()  // what it saw on the way is seen again
      review.faults = listingFaults
    }
    var isHopeful = false
    for (index, programme) in programmes.enumerated() {
      guard let source = programme.source else {
        review.faults.append(fault(programme, Self.gone))
        continue
      }
      let plain = status(request(source, nil))
      if case .bad(let reason) = plain {
        review.faults.append(fault(programme, reason))
        continue
      }
      let request = request(source, index == definer ? nil : house)
      let made = status(request)
      switch made {
      case .ready(let tape):
        review.playable.append(Playable(programme: index, request: request, tape: tape))
        continue
      case .bad(let reason):
        review.faults.append(fault(programme, reason))
        continue
      case .recording(let percent, _, _): review.percent = max(review.percent, percent)
      case .waiting, .absent: break
      }
      review.wanted.append((request, index))
      if let reason = made.failure ?? plain.failure {
        review.faults.append(fault(programme, reason))
      } else {
        isHopeful = true
      }
      if let (request, tape) = former(source, status) {
        review.playable.append(Playable(programme: index, request: request, tape: tape))
      }
    }
    review.isHopeless = review.playable.isEmpty && !isHopeful
    return review
  }

  /// The house format is that of the first programme that is not bad: waits for its tape. False while it is not known.
  private mutating func findHouse(_ status: (TapeRequest) -> TapeStatus, _ review: inout Review) -> Bool {
    for (index, programme) in programmes.enumerated() {
      guard let source = programme.source else {
        review.faults.append(fault(programme, Self.gone))
        continue
      }
      let request = request(source, nil)
      switch status(request) {
      case .ready(let tape):
        house = tape.info.format
        definer = index
        return true
      case .bad(let reason): review.faults.append(fault(programme, reason))
      case .recording, .waiting, .absent:
        review.wanted.append((request, index))
        if let reason = status(request).failure {
          review.faults.append(fault(programme, reason))
          continue
        }
        if case .recording(let percent, _, _) = status(request) { review.percent = percent }
        return false
      }
    }
    review.isHopeless = true
    return false
  }

  /// A tape of the same source and house format that was made with earlier settings.
  private func former(_ source: SourceFile, _ status: (TapeRequest) -> TapeStatus) -> (TapeRequest, Tape)? {
    for making in formers {
      for format in [house, nil] {
        let request = request(source, format, making)
        if case .ready(let tape) = status(request), tape.info.format == house { return (request, tape) }
      }
    }
    return nil
  }

  private func fault(_ programme: Programme, _ reason: String) -> String {
    "\(Paths.lastComponent(of: programme.file)): \(reason)"
  }

  private static let gone = "is not there any more"
}
