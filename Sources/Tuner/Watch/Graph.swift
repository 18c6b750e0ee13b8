/// A curve over time, filled below, in characters.
enum Graph {
  /// What the characters are made of.
  enum Grain: Sendable {
    /// Two by four dots a character (Unicode's Braille patterns).
    case braille
    /// Where a font may have none of these: two values in a character, four heights.
    case ascii
  }

  /// Values that one character holds, side by side.
  static let valuesPerColumn = 2

  /// `rows` lines of `columns` characters, the newest value at the right; a value above zero always shows.
  ///
  /// - Parameters:
  ///   - values: oldest first; those that do not fit are left out.
  ///   - ceiling: the value at the top, above zero.
  static func lines(_ values: [Double], ceiling: Double, columns: Int, rows: Int, grain: Grain = .braille) -> [String] {
    let room = columns * valuesPerColumn
    let last = Array(values.suffix(room))
    let steps = rows * 4
    // From the left edge on; what came before the first value is empty.
    let heights =
      Array(repeating: 0, count: room - last.count)
      + last.map { value in
        value > 0 ? max(1, min(steps, Int((value / ceiling * Double(steps)).rounded()))) : 0
      }
    return (0..<rows).map { row in
      let floor = (rows - 1 - row) * 4
      let characters = (0..<columns).map { column in
        let (left, right) = (heights[2 * column] - floor, heights[2 * column + 1] - floor)
        return switch grain {
        case .braille: braille(left, right)
        case .ascii: ascii(max(left, right))
        }
      }
      return String(characters)
    }
  }

  /// The least of 1, 2 and 5 times a power of ten that is not below a value, and at least `least`.
  static func ceiling(for value: Double, least: Double) -> Double {
    var step = least
    let factors = [2, 2.5, 2]
    var index = 0
    while step < value, step < 1e15 {
      step *= factors[index % 3]
      index += 1
    }
    return step
  }

  /// Dots 7, 3, 2, 1 and 8, 6, 5, 4 from the bottom up (Unicode, block 2800).
  private static func braille(_ left: Int, _ right: Int) -> Character {
    let leftDots: [UInt32] = [0x40, 0x04, 0x02, 0x01]
    let rightDots: [UInt32] = [0x80, 0x20, 0x10, 0x08]
    let bits =
      leftDots.prefix(max(0, min(4, left))).reduce(0, |) | rightDots.prefix(max(0, min(4, right))).reduce(0, |)
    guard bits > 0, let scalar = Unicode.Scalar(0x2800 + bits) else { return " " }
    return Character(scalar)
  }

  private static func ascii(_ height: Int) -> Character {
    switch height {
    case ..<1: " "
    case 1: "."
    case 2: ":"
    case 3: "|"
    default: "#"
    }
  }
}
