import Glibc
import Testing

@testable import LinuxIO

struct FullScreenTests {
  /// Both ends of a terminal that is none.
  final class PseudoTerminal {
    let master: Descriptor
    let slave: Descriptor

    init() throws {
      master = try Descriptor(opening: "/dev/ptmx", O_RDWR | O_NOCTTY)
      let end = master.number
      // TIOCSPTLCK and TIOCGPTN, which are macros of macros: unlock the other end, and tell its number.
      var (unlocked, number): (Int32, Int32) = (0, 0)
      try systemCall("unlock", "a terminal") { unsafe ioctl(end, 0x4004_5431, &unlocked) }
      try systemCall("number", "a terminal") { unsafe ioctl(end, 0x8004_5430, &number) }
      slave = try Descriptor(opening: "/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    }

    var settings: termios {
      get {
        var settings = termios()
        unsafe tcgetattr(slave.number, &settings)
        return settings
      }
      set {
        var settings = newValue
        unsafe tcsetattr(slave.number, TCSANOW, &settings)
      }
    }

    var echoes: Bool { settings.c_lflag & tcflag_t(ECHO | ICANON) == tcflag_t(ECHO | ICANON) }

    /// What was written to the screen, until `wanted` stands in it or two seconds have passed.
    func shown(until wanted: String) throws -> String {
      var text = ""
      let limit = SteadyClock.now + 2_000_000_000
      while !text.contains(wanted), SteadyClock.now < limit {
        guard try DescriptorIO.wait(master.number, toWrite: false, timeoutMilliseconds: 100) else { continue }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe read(master.number, &bytes, bytes.count)
        text += String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
      }
      return text
    }
  }

  @Test func noTerminalIsAnError() throws {
    let file = try Descriptor(opening: "/dev/null", O_RDWR)
    #expect(throws: SystemError.self) { _ = try FullScreen(file.number) }
  }

  /// What a guard does when its program ends without a word: the pipe closes, and nothing was sent.
  @Test func theGuardGivesTheTerminalBack() throws {
    let terminal = try PseudoTerminal()
    let before = terminal.settings
    var mine = before
    mine.c_lflag &= ~tcflag_t(ICANON | ECHO)
    terminal.settings = mine
    #expect(!terminal.echoes)
    let guardian = try TerminalGuard(terminal.slave.number, before: before, mine: mine, leaving: Array("BACK".utf8))
    guardian.abandon()
    #expect(try terminal.shown(until: "BACK").contains("BACK"))
    #expect(terminal.echoes)
  }

  @Test func theGuardLeavesWhatSomebodyElseHasSet() throws {
    let terminal = try PseudoTerminal()
    let before = terminal.settings
    var mine = before
    mine.c_lflag &= ~tcflag_t(ICANON | ECHO)
    var others = mine
    others.c_cc.4 = 7  // VEOF
    terminal.settings = others
    let guardian = try TerminalGuard(terminal.slave.number, before: before, mine: mine, leaving: Array("BACK".utf8))
    guardian.abandon()
    #expect(try terminal.shown(until: "BACK").contains("BACK"))
    #expect(!terminal.echoes)
  }

  @Test func theGuardGoesHomeWhenAllIsWell() throws {
    let terminal = try PseudoTerminal()
    let settings = terminal.settings
    do {
      _ = try TerminalGuard(terminal.slave.number, before: settings, mine: settings, leaving: Array("BACK".utf8))
    }
    _ = try DescriptorIO.write(Array("END".utf8).span, to: terminal.slave.number, timeoutMilliseconds: 100)
    #expect(try terminal.shown(until: "END") == "END")
  }
}
