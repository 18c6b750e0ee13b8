import LinuxIO
import Synchronization

/// The window of a player, as the X server tells of it: where it is, and what it is called. A thread of its own looks four
/// times a second, so nobody else waits for a server that is slow or hangs. Without X nothing is ever seen.
package final class PlayerWindow: Sendable {
  private struct State {
    /// The player's process group.
    var group: Int32
    /// What its window is called, and is to be called.
    var called, title: String
    var isAwaited = false
    var isShown = false
    var place: WindowPlace?
    var isOver = false
  }

  private let state: Mutex<State>
  private let bell: WakeUp

  /// Between two looks, in nanoseconds; and while a window is waited for.
  private static let interval: Int64 = 250_000_000
  private static let hurry: Int64 = 20_000_000

  /// - Parameters:
  ///   - group: the player's process group.
  ///   - title: what the player calls its window.
  package init(of group: Int32, title: String) throws(SystemError) {
    bell = try WakeUp()
    state = Mutex(State(group: group, called: title, title: title))
    try RealTimeThread.detach(name: "window") { [self] in look() }
  }

  /// Another player has been started, whose window takes the place of the former's.
  package func follow(_ group: Int32, title: String) {
    state.withLock {
      $0 = State(group: group, called: title, title: title, isAwaited: true, place: $0.place, isOver: $0.isOver)
    }
    bell.ring()
  }

  /// What the window is to be called.
  package func entitle(_ title: String) { state.withLock { $0.title = title } }

  /// Where the window was when it was seen last, the former player's until the player of now has one; nil before.
  package var place: WindowPlace? { state.withLock(\.place) }

  /// Whether the window of the player of now has been seen.
  package var isShown: Bool { state.withLock(\.isShown) }

  /// Looks no more.
  package func stop() {
    state.withLock { $0.isOver = true }
    bell.ring()
  }

  private func look() {
    guard let display = XDisplay() else { return }
    var (window, group): (XDisplay.Window?, Int32) = (nil, 0)
    while !display.isOver {
      let now = state.withLock(\.self)
      if now.isOver { return }
      if now.group != group { (window, group) = (nil, now.group) }
      window = window ?? display.window(ofGroup: group)
      if let seen = window, let place = display.frame(of: seen) {
        if now.title != now.called { display.entitle(seen, now.title) }
        state.withLock {
          guard $0.group == group else { return }
          $0.called = now.title
          $0.place = place.following($0.place)
          ($0.isShown, $0.isAwaited) = (true, false)
        }
      } else {
        window = nil
      }
      bell.sleep(until: SteadyClock.now + (now.isAwaited ? Self.hurry : Self.interval))
    }
  }
}
