import LibAV
import LinuxIO
import Synchronization

/// Draws cards on a thread of its own: letters take longer than a live station's clock can wait.
final class CardPainter: Sendable {
  private struct State: Sendable {
    var wanted: CardPicture?
    var isBusy = false
    var picture: CardPicture?
    var frame: LiveSink.HeldFrame?
  }

  private let state = Mutex(State())

  /// The card that was finished last; nil before the first.
  var drawn: LiveCard.Drawn? {
    state.withLock { state in
      guard let picture = state.picture, let frame = state.frame else { return nil }
      return (picture, frame)
    }
  }

  /// Has a card drawn, unless it is being drawn already. One that cannot be drawn is left out.
  func paint(_ picture: CardPicture) {
    let begins = state.withLock { state in
      guard !state.isBusy, state.wanted != picture else { return false }
      (state.isBusy, state.wanted) = (true, picture)
      return true
    }
    guard begins else { return }
    do {
      try RealTimeThread.detach(name: "card") {
        let frame = try? picture.drawn()
        self.state.withLock { state in
          state.isBusy = false
          if let frame { (state.picture, state.frame) = (picture, frame) }
        }
      }
    } catch {
      state.withLock { ($0.isBusy, $0.wanted) = (false, nil) }
    }
  }
}

extension CardPicture {
  /// The card as a frame; nil when nothing comes of it.
  func drawn() throws -> LiveSink.HeldFrame? {
    var frame = try Frame()
    var graph = try graph()
    return try graph.receive(into: &frame) ? try LiveSink.HeldFrame(frame) : nil
  }
}
