/// What ffplay writes to standard error with `-stats`, some thirty times a second, a line that is written over:
///
///        12.34 A-V: -0.021 fd=   0 aq=    9KB vq=   83KB sq=    0B
///
/// The first number is its clock: the presentation time of what it shows just now, in seconds, or "nan" while it shows
/// nothing. Other lines are messages for people.
struct GaugeText {
  enum Line: Equatable {
    /// Seconds of the stream's own time.
    case clock(Double)
    case message(String)
  }

  /// A line may have so many bytes; the rest of it is left out.
  private static let longest = 1000

  private var line: [UInt8] = []

  /// Takes a byte; returns the line that ends with it, if it says something.
  mutating func take(_ byte: UInt8) -> Line? {
    guard byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") else {
      if line.count < Self.longest { line.append(byte) }
      return nil
    }
    defer { line.removeAll(keepingCapacity: true) }
    return Self.read(line)
  }

  private static func read(_ line: [UInt8]) -> Line? {
    let words = line.split(separator: UInt8(ascii: " "))
    guard let first = words.first else { return nil }
    // "fd=", dropped frames, stands in every line of figures, "aq=" and "vq=" in that of every version.
    guard words.contains(where: { $0.starts(with: Array("fd=".utf8)) }),
      words.contains(where: { $0.starts(with: Array("aq=".utf8)) })
    else { return .message(String(decoding: line, as: UTF8.self)) }
    guard let clock = Double(String(decoding: first, as: UTF8.self)), clock.isFinite else { return nil }
    return .clock(clock)
  }
}
