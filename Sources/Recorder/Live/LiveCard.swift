/// The card as it was drawn last. It is drawn anew when it is to say something else, or in another size, on a thread of
/// its own; the one before is shown for as long as that takes.
final class LiveCard {
  /// A card that has been drawn.
  typealias Drawn = (picture: CardPicture, frame: LiveSink.HeldFrame)

  private var drawn: Drawn?
  private let painter = CardPainter()

  init(_ drawn: Drawn?) { self.drawn = drawn }

  /// The card to be shown where `wanted` is.
  ///
  /// - Parameter prepare: called before the very first card is drawn, which is waited for.
  func frame(of wanted: CardPicture, _ prepare: () throws -> Void) throws -> LiveSink.HeldFrame? {
    drawn = painter.drawn ?? drawn
    if let drawn {
      if drawn.picture != wanted { painter.paint(wanted) }
      return drawn.frame
    }
    try prepare()
    guard let frame = try wanted.drawn() else { return nil }
    drawn = (wanted, frame)
    return frame
  }
}
