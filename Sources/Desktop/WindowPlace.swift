import Glibc
import LinuxIO

/// Where a window is and how large it is, in pixels.
package struct WindowPlace: Hashable, Sendable {
  /// The upper left corner of its frame, as seen from the screen's: what a program asks a window manager for, which puts
  /// the frame there and the window into it (ICCCM 4.1.2.3, NorthWest gravity).
  package var left, top: Int
  /// Without the frame.
  package var width, height: Int
  /// Whether it has all of the screen; the rest is then its place before that, where that is known.
  package var isFullScreen: Bool

  package init(left: Int, top: Int, width: Int, height: Int, isFullScreen: Bool = false) {
    (self.left, self.top, self.width, self.height) = (left, top, width, height)
    self.isFullScreen = isFullScreen
  }

  /// The place to remember of a window that is now here and was there.
  package func following(_ last: WindowPlace?) -> WindowPlace {
    guard isFullScreen, var last else { return self }
    last.isFullScreen = true
    return last
  }
}

extension XDisplay {
  /// The window on the screen of a process group: what its process says of itself (EWMH, _NET_WM_PID) decides.
  func window(ofGroup group: Int32) -> Window? {
    windows().first { window in
      guard let pid = numbers(atoms.netPID, of: window).first, getpgid(Int32(truncatingIfNeeded: pid)) == group else {
        return false
      }
      return place(of: window)?.isViewable == true
    }
  }

  /// All programs' windows: as the window manager counts them (EWMH), else all that are not too deep in others.
  private func windows() -> [Window] {
    let managed = numbers(atoms.netClients, of: root)
    guard managed.isEmpty else { return managed }
    var all = children(of: root)
    var level = all
    for _ in 0..<2 {
      level = level.flatMap { children(of: $0) }
      all += level
    }
    return all
  }

  /// Where a window is; nil when it is gone.
  func frame(of window: Window) -> WindowPlace? {
    guard let inner = place(of: window) else { return nil }
    // Left, right, top, bottom. Where the manager does not say, its frame is what the window is in.
    let edges = numbers(atoms.netFrame, of: window)
    let corner = edges.count == 4 ? nil : corner(of: outermost(of: window))
    let left = corner.map { Int($0.x) } ?? inner.left - Int(edges.first ?? 0)
    let top = corner.map { Int($0.y) } ?? inner.top - Int(edges.count == 4 ? edges[2] : 0)
    return WindowPlace(
      left: left, top: top, width: inner.width, height: inner.height,
      isFullScreen: numbers(atoms.netState, of: window).contains(atoms.netFullScreen))
  }

  /// Gives a window a title (ICCCM 4.1.2.1; EWMH).
  func entitle(_ window: Window, _ title: String) {
    set(atoms.netName, of: window, to: title, type: atoms.utf8String)
    let isPlain = title.utf8.allSatisfy { $0 < 0x80 }
    set(atoms.wmName, of: window, to: title, type: isPlain ? atoms.string : atoms.utf8String)
  }
}
