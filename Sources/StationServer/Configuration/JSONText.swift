/// A text that is not JSON: where, and what is wrong there.
struct MalformedJSON: Error, Equatable, CustomStringConvertible {
  let line: Int
  let column: Int
  let problem: String

  var description: String { "line \(line), column \(column): \(problem)" }
}

/// A strict reader of one JSON text (RFC 8259).
///
/// A configuration is written by hand, and what a person needs to know about a slip is the line it is on, and that a
/// key stands twice. The decoders at hand tell neither, hence this one.
struct JSONText {
  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0
  private static let deepest = 64

  /// - Throws: ``MalformedJSON`` at the first byte that cannot be part of a JSON text.
  static func parse(_ bytes: [UInt8]) throws(MalformedJSON) -> JSONValue {
    var text = JSONText(bytes: bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { text.at = 3 }  // a byte order mark, which some editors leave
    let value = try text.value()
    text.skipSpace()
    guard text.next == nil else { throw text.malformed("there is more text after the end of the configuration") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private func malformed(_ problem: String, at position: Int? = nil) -> MalformedJSON {
    let before = bytes.prefix(position ?? at)
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return MalformedJSON(line: line, column: before.count - lineStart + 1, problem: problem)
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  private mutating func value() throws(MalformedJSON) -> JSONValue {
    skipSpace()
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw malformed("lists and objects are nested too deeply") }
    switch next {
    case nil: throw malformed("the text ends where a value should stand")
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "/"), UInt8(ascii: "#"): throw malformed("JSON has no comments")
    case UInt8(ascii: "'"): throw malformed("strings stand in double quotes")
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      throw malformed("a value is missing here, or the comma before is one too many")
    default: return try number()
    }
  }

  private mutating func object() throws(MalformedJSON) -> JSONValue {
    at += 1
    var members: [String: JSONValue] = [:]
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      let start = at
      switch next {
      case UInt8(ascii: "\""): break
      case UInt8(ascii: "}"): throw malformed("a comma too many before the }")
      case nil: throw malformed("the text ends where a key should stand")
      default: throw malformed("a key in double quotes should stand here")
      }
      let key = try string()
      guard take(":") else { throw malformed("a colon should stand after the key \"\(key)\"") }
      guard members.updateValue(try value(), forKey: key) == nil else {
        throw malformed("the key \"\(key)\" stands twice in one object", at: start)
      }
    } while take(",")
    guard take("}") else { throw malformed("a comma or } should stand here") }
    return .object(members)
  }

  private mutating func array() throws(MalformedJSON) -> JSONValue {
    at += 1
    var elements: [JSONValue] = []
    if take("]") { return .array(elements) }
    repeat {
      skipSpace()
      if next == UInt8(ascii: "]") { throw malformed("a comma too many before the ]") }
      elements.append(try value())
    } while take(",")
    guard take("]") else { throw malformed("a comma or ] should stand here") }
    return .array(elements)
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(MalformedJSON) -> JSONValue {
    guard bytes[at...].starts(with: word.description.utf8) else { throw malformed("this is not a JSON value") }
    at += word.utf8CodeUnitCount
    return value
  }

  private mutating func number() throws(MalformedJSON) -> JSONValue {
    let start = at
    while let byte = next, "+-.eE0123456789".utf8.contains(byte) { at += 1 }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    let leadingZero = digits.hasPrefix("0") && digits.dropFirst().first?.isNumber == true
    guard digits.first?.isNumber == true, !leadingZero, text.last?.isNumber == true, let number = Double(text),
      number.isFinite
    else { throw malformed(at == start ? "this is not a JSON value" : "\(text) is not a JSON number", at: start) }
    return .number(number)
  }

  private mutating func string() throws(MalformedJSON) -> String {
    let start = at
    at += 1
    var utf8: [UInt8] = []
    while let byte = next {
      at += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: utf8, as: UTF8.self) else {
          throw malformed("this string is not valid UTF-8", at: start)
        }
        return text
      case UInt8(ascii: "\\"): utf8.append(contentsOf: String(try escape()).utf8)
      case 0..<0x20: throw malformed("a string ends on the line it starts on: a closing quote is missing", at: start)
      default: utf8.append(byte)
      }
    }
    throw malformed("a closing quote is missing", at: start)
  }

  /// The character after a backslash; the backslash is taken already.
  private mutating func escape() throws(MalformedJSON) -> Character {
    let start = at - 1
    defer { at += 1 }
    switch next {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var units = [try hexadecimal()]
      if 0xD800..<0xDC00 ~= units[0], bytes[(at + 1)...].starts(with: "\\u".utf8) {
        at += 2
        units.append(try hexadecimal())
      }
      guard let text = String(validating: units, as: UTF16.self), let character = text.first else {
        throw malformed("this escape is half of a character", at: start)
      }
      return character
    default: throw malformed("a backslash in a string is written as two: \\\\", at: start)
    }
  }

  /// The four digits after `\u`; leaves `at` on the last of them.
  private mutating func hexadecimal() throws(MalformedJSON) -> UInt16 {
    let digits = bytes[min(at + 1, bytes.count)...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw malformed("four hexadecimal digits should stand after \\u") }
    at += 4
    return unit
  }
}
