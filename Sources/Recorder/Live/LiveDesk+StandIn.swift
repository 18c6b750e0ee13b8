import Tape
import TransportStream

/// What stands in where the source pauses, and what is written ahead when the station goes to something else.
extension LiveDesk {
  /// The decoding time of pictures never steps by more than this, 90 kHz: something else is shown first. 0.9 s.
  private static let longestPause: Int64 = 81_000
  /// Raw pictures that pause are repeated after this, 90 kHz, and given up after that.
  private static let repeatPeriod: Int64 = 36_000
  private static let longestStill = Ticks.milliseconds(1_500)
  /// Pictures of the card: 90 kHz from one to the next.
  private static let cardPeriod: Int64 = 9_000

  /// Shows something where the source pauses: its last picture for a while, then the card.
  func fillPause() throws {
    let due = (now + settings.lead).count / 300
    switch stage {
    case .frames:
      guard due - lastDTS >= LiveDesk.repeatPeriod else { return }
      if let lastPicture, now - lastPictureAt < LiveDesk.longestStill { return try encode(lastPicture, dts: due) }
      reason = "its source shows no picture"
    case .units:
      let isOver = held.isEmpty && lastSoundAt == nil
      guard due - lastDTS >= LiveDesk.longestPause || (isOver && due - lastDTS >= LiveDesk.cardPeriod) else { return }
      if !isOver { reason = "its source shows no picture" }
    case .card:
      guard due - lastDTS >= LiveDesk.cardPeriod else { return }
    }
    if stage != .card {
      stage = .card
      pictures?.requestKey()
    }
    guard due > settings.earliest, let card = try drawnCard() else { return }
    // Drawing it may have taken a while.
    let shown = (now + settings.lead).count / 300
    // Never later than a second after the one before, and never earlier than one that is still to be shown.
    try encode(card, dts: max(shown, lastPTS + 1))
  }

  /// Writes what is left of the ring ahead: what has come in, the last picture or the card, and sound. A tape that follows
  /// is seen 0.9 s after `end` at the soonest, so there must be pictures until then.
  func playAhead(to end: Ticks) throws {
    var moment = now
    // Datagrams of one picture take their time, and all are dated before the end.
    while moment < end - .milliseconds(30) {
      future = moment
      try release()
      let due = (moment + settings.lead).count / 300
      if pictures != nil, due - lastDTS >= (stage == .units ? LiveDesk.repeatPeriod : LiveDesk.cardPeriod) {
        if stage == .units {
          stage = .card
          pictures?.requestKey()
        }
        let picture = stage == .frames ? lastPicture : nil
        if due > settings.earliest, let still = try picture ?? drawnCard() {
          try encode(still, dts: max(due, lastPTS + 1))
        }
      }
      for sound in sounds { try sound.advance(moment) { try mux.send($0, at: moment) } }
      try mux.keepUp(at: moment)
      moment = moment + .milliseconds(5)
    }
    future = nil
  }

  /// The radio has no card: whether it is heard is all there is to say.
  func judgeRadio() {
    let isHeard = lastSoundAt.map { now - $0 < .seconds(1) } ?? false
    if stage != .card, !isHeard { reason = "its source is silent" }
    stage = isHeard ? .units : .card
  }

  /// The card as it is to be now.
  private func drawnCard() throws -> LiveSink.HeldFrame? {
    guard let size = pictures?.size else { return nil }
    return try card.frame(of: settings.card(reason, size: size)) { try mux.keepUp(at: now) }
  }
}
