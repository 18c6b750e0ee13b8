import Glibc
import LinuxIO

/// Standard error: one line that is always up to date where it is a terminal, and lines that stay, above it. Whatever it is
/// given, nothing but text gets there.
struct StatusLine {
  private let isTerminal = Terminal.isTerminal(STDERR_FILENO)
  private var isShown = false

  /// Replaces the live line.
  mutating func show(_ text: @autoclosure () -> String) {
    guard isTerminal else { return }
    write("\r" + fitted(printable(text()), to: (Terminal.columns(STDERR_FILENO) ?? 80) - 1) + "\u{1B}[K")
    isShown = true
  }

  /// Writes a line that stays.
  mutating func say(_ line: String) {
    clear()
    write(printable(line) + "\n")
  }

  /// Takes the live line away.
  mutating func clear() {
    if isShown { write("\r\u{1B}[K") }
    isShown = false
  }

  /// A terminal that takes nothing just now (Ctrl-S) holds up nobody.
  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = try? DescriptorIO.write(bytes.span, to: STDERR_FILENO, timeoutMilliseconds: 0)
  }

  /// What the live line says.
  ///
  /// - Parameter now: seconds since the Unix epoch.
  static func text(_ status: SessionStatus, now: Double) -> String {
    var parts = ["\(status.station.number) \(printable(status.station.name))"]
    if status.position == nil, let state = StationTable.state(of: status.station) {
      parts.append(state)
    } else if let programme = status.programme(at: now) {
      parts.append(printable(programme.title))
      if !programme.isOpen { parts.append(Figures.time(seconds: programme.end - (status.position ?? now)) + " left") }
    }
    if let lag = status.lag(at: now) { parts.append(Figures.time(seconds: lag) + " behind") }
    switch status.state {
    case .waiting: parts.append(status.received == 0 ? "tuning in …" : "waiting for a picture to start at …")
    case .silent: parts.append("nothing arrives")
    case .paused: parts.append("paused")
    case .playing: parts.append(Figures.rate(bitsPerSecond: status.bitrate))
    }
    parts.append("\(status.lost) lost")
    if status.state == .playing, let quality = status.quality { parts += QualityText.parts(quality) }
    if status.dropped > 0 { parts.append("\(status.dropped) skipped by a slow player") }
    if !status.isConnected { parts.append("server away") }
    return parts.joined(separator: " · ")
  }
}
