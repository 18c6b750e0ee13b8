import Glibc

/// What a program that talks to a person needs to know of a terminal.
package enum Terminal {
  /// Whether a descriptor is a terminal.
  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Whether this program may use the terminal just now: it is not in the background.
  package static func isForeground(_ descriptor: Int32) -> Bool { tcgetpgrp(descriptor) == getpgrp() }

  /// How many columns it has; nil when it is no terminal or does not say.
  package static func columns(_ descriptor: Int32) -> Int? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// How many rows and columns it has; nil when it is no terminal or does not say.
  package static func size(_ descriptor: Int32) -> (rows: Int, columns: Int)? {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
    return (Int(size.ws_row), Int(size.ws_col))
  }

  /// Waits for a key; nil when the time ran out. In the background none is taken: it is somebody else's.
  ///
  /// SIGTTIN has to be blocked (``Signals/block(_:)``): a key that comes just as the terminal goes to another program would
  /// stop this one.
  ///
  /// - Parameter timeoutMilliseconds: nil for as long as it takes.
  /// - Throws: EPIPE at the terminal's end.
  package static func readKey(_ descriptor: Int32, timeoutMilliseconds: Int? = nil) throws(SystemError) -> UInt8? {
    while true {
      if isForeground(descriptor) {
        do throws(SystemError) {
          // Not for ever: whose it is can change meanwhile.
          let key = try readByte(descriptor, timeoutMilliseconds: timeoutMilliseconds ?? 1000)
          if key != nil || timeoutMilliseconds != nil { return key }
        } catch {
          if error.code != EIO || isForeground(descriptor) { throw error }
        }
      } else if tcgetpgrp(descriptor) < 0 {
        throw SystemError(operation: "read from", subject: "the terminal", code: EPIPE)
      } else {
        ProcessLimits.sleep(milliseconds: 100)
      }
    }
  }

  /// Waits for a byte from a terminal or file; nil when the time ran out.
  ///
  /// - Throws: EPIPE at its end.
  package static func readByte(_ descriptor: Int32, timeoutMilliseconds: Int) throws(SystemError) -> UInt8? {
    guard try DescriptorIO.wait(descriptor, toWrite: false, timeoutMilliseconds: timeoutMilliseconds) else {
      return nil
    }
    var byte: UInt8 = 0
    let count = try systemCall("read from", "the terminal") { unsafe read(descriptor, &byte, 1) }
    guard count == 1 else { throw SystemError(operation: "read from", subject: "the terminal", code: EPIPE) }
    return byte
  }
}

/// A terminal on which keys come at once and unechoed, for as long as this value lives. Ctrl-C stays a signal.
package struct KeyMode: ~Copyable, Sendable {
  private let descriptor: Int32
  private let before: termios
  /// Whether the terminal is as it was before.
  private var isLeft = false

  /// Nil when the descriptor is no terminal, or when this program runs in its background.
  package init?(_ descriptor: Int32) {
    var settings = termios()
    guard Terminal.isForeground(descriptor), unsafe tcgetattr(descriptor, &settings) == 0 else { return nil }
    self.descriptor = descriptor
    before = settings
    enter()
  }

  /// Sets the mode again, after the shell had the terminal meanwhile (SIGCONT); not in the background.
  package mutating func enter() {
    guard Terminal.isForeground(descriptor) else { return }
    isLeft = false
    var settings = before
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    unsafe tcsetattr(descriptor, TCSANOW, &settings)
  }

  /// Gives the terminal back for a while, as before this program stops (SIGTSTP).
  package mutating func leave() {
    giveBack()
    isLeft = true
  }

  /// Sets the mode again if it was left and this program has the terminal: shells say nothing (SIGCONT) to a program that
  /// comes to the foreground and was not stopped.
  package mutating func comeBack() { if isLeft { enter() } }

  private func giveBack() {
    // In the background this would stop the process (SIGTTOU); the shell has put things right by then.
    guard Terminal.isForeground(descriptor) else { return }
    var settings = before
    unsafe tcsetattr(descriptor, TCSANOW, &settings)
  }

  deinit { giveBack() }
}
