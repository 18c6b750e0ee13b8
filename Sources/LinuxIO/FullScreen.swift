import CLinux
import Glibc

/// A terminal taken over as a whole: its alternate screen, no cursor, keys at once and unechoed. It is given back as it was
/// at the end of this value's life, and by a ``TerminalGuard`` where this program ends in any other way.
package struct FullScreen: ~Copyable {
  /// Alternate screen, cursor hidden, long lines cut instead of wrapped, cleared (xterm's control sequences).
  private static let entering = Array("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J".utf8)
  /// All of that taken back: colours, wrapping, cursor, the screen that was there before.
  private static let leaving = Array("\u{1B}[m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l".utf8)

  private let terminal: Int32
  private let before: termios
  private let mine: termios
  private let guardian: TerminalGuard
  private var isEntered = false

  /// Takes over a terminal.
  ///
  /// - Parameter terminal: open for reading and writing; it stays open for as long as this value lives.
  /// - Throws: ENOTTY when it is no terminal, EAGAIN and others when no guard can be started.
  package init(_ terminal: Int32) throws(SystemError) {
    var settings = termios()
    try systemCall("use", "the terminal") { unsafe tcgetattr(terminal, &settings) }
    let before = settings
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    // Ctrl-S is a key: a screen that stands still without a word looks dead.
    settings.c_iflag &= ~tcflag_t(IXON)
    let guardian = try TerminalGuard(terminal, before: before, mine: settings, leaving: Self.leaving)
    self.guardian = guardian
    self.terminal = terminal
    self.before = before
    mine = settings
    enter()
  }

  /// Takes the screen, at first and after ``leave()``, and whenever others may have had the terminal meanwhile. Not in the
  /// background, where it is somebody else's.
  package mutating func enter() {
    guard Terminal.isForeground(terminal) else { return }
    isEntered = true
    var settings = mine
    unsafe tcsetattr(terminal, TCSANOW, &settings)
    write(Self.entering)
  }

  /// Whether it was left, and this program could take it again.
  package var canComeBack: Bool { !isEntered && Terminal.isForeground(terminal) }

  /// Gives the terminal back for a while, as before this program stops.
  package mutating func leave() {
    guard isEntered else { return }
    isEntered = false
    giveBack()
  }

  /// Writes to the screen; false when it did not take all of it within a moment, and shows nobody knows what.
  package func draw(_ bytes: [UInt8]) -> Bool {
    guard isEntered else { return false }
    return write(bytes)
  }

  deinit {
    if isEntered { giveBack() }
  }

  private func giveBack() {
    write(Self.leaving)
    // In the background this would stop the process (SIGTTOU); the shell has put things right by then.
    guard Terminal.isForeground(terminal) else { return }
    var settings = before
    unsafe tcsetattr(terminal, TCSANOW, &settings)
  }

  @discardableResult
  private func write(_ bytes: [UInt8]) -> Bool {
    (try? DescriptorIO.write(bytes.span, to: terminal, timeoutMilliseconds: 200)) == bytes.count
  }
}

/// A small process of its own that gives a terminal back when this program ends without doing so: killed, crashed.
package struct TerminalGuard: ~Copyable {
  /// Nobody but the destructor closes it.
  private let pipe: Int32
  private let pid: pid_t

  /// Starts a guard.
  ///
  /// - Parameters:
  ///   - terminal: what it guards.
  ///   - before: the settings that it is to have then, if they are still `mine`.
  ///   - leaving: what is written to it then.
  package init(_ terminal: Int32, before: termios, mine: termios, leaving: [UInt8]) throws(SystemError) {
    var pid: pid_t = 0
    var (before, mine) = (before, mine)
    pipe = try systemCall("guard", "the terminal") {
      unsafe CLinux_guard_terminal(terminal, &before, &mine, leaving, leaving.count, &pid)
    }
    self.pid = pid
  }

  /// Ends as a program does that is killed: what is guarded is given back when this returns.
  package consuming func abandon() {
    let (pipe, pid) = (pipe, pid)
    discard self
    Self.end(pipe, pid)
  }

  deinit {
    var one: UInt8 = 1
    _ = unsafe Glibc.write(pipe, &one, 1)
    Self.end(pipe, pid)
  }

  private static func end(_ pipe: Int32, _ pid: pid_t) {
    close(pipe)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }
}
