/// A key of a terminal.
enum Key: Equatable, Sendable {
  case character(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  case enter, escape, backspace
}

/// Makes keys out of the bytes that a terminal sends (ECMA-48 and xterm's control sequences).
struct KeyDecoder {
  private enum State {
    case plain
    /// After ESC.
    case escape
    /// After ESC [ or ESC O, with the parameters since.
    case sequence([UInt8])
  }

  private var state = State.plain

  /// Whether more bytes of a key may follow: if none come within some 50 ms, ``pause()``.
  var isPending: Bool { if case .plain = state { false } else { true } }

  /// Takes a byte; a key when it was the last one of it.
  mutating func take(_ byte: UInt8) -> Key? {
    switch state {
    case .plain: return plain(byte)
    case .escape:
      if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") {
        state = .sequence([])
        return nil
      }
      if byte == 0x1B { return .escape }  // the first one stood alone; the second may begin a sequence
      state = .plain
      return plain(byte)
    case .sequence(let parameters):
      // Parameter and intermediate bytes go on; a byte from 0x40 on ends it. What is too long is none.
      if (0x20..<0x40).contains(byte), parameters.count < 16 {
        state = .sequence(parameters + [byte])
        return nil
      }
      state = .plain
      return Self.key(parameters, byte)
    }
  }

  /// Nothing more came: an ESC that stands alone is the key of that name.
  mutating func pause() -> Key? {
    defer { state = .plain }
    if case .escape = state { return .escape }
    return nil
  }

  private mutating func plain(_ byte: UInt8) -> Key? {
    switch byte {
    case 0x1B:
      state = .escape
      return nil
    case 0x0A, 0x0D: return .enter
    case 0x08, 0x7F: return .backspace
    // Ctrl-D, Ctrl-N, Ctrl-P as in other programs.
    case 0x04: return .character("q")
    case 0x0E: return .down
    case 0x10: return .up
    case 0x20..<0x7F: return .character(Character(Unicode.Scalar(byte)))
    default: return nil
    }
  }

  private static func key(_ parameters: [UInt8], _ last: UInt8) -> Key? {
    switch last {
    case UInt8(ascii: "A"): return .up
    case UInt8(ascii: "B"): return .down
    case UInt8(ascii: "C"): return .right
    case UInt8(ascii: "D"): return .left
    case UInt8(ascii: "H"): return .home
    case UInt8(ascii: "F"): return .end
    case UInt8(ascii: "M"): return .enter  // of the number pad
    case UInt8(ascii: "~"):
      switch String(decoding: parameters.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self) {
      case "1", "7": return .home
      case "4", "8": return .end
      case "5": return .pageUp
      case "6": return .pageDown
      default: return nil
      }
    default: return nil
    }
  }
}
