import Tape

/// A JSON value as it stands in a file, before anything is known about its meaning (RFC 8259).
enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// What a person would call it: "a string", "a list", ...
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }

  /// The number as an integer, if it is a whole one that fits.
  var integer: Int? {
    guard case .number(let number) = self else { return nil }
    return Int(exactly: number)
  }

  /// The value the way it is shown in a message: strings in quotes, long ones cut, collections by their kind only; of URLs
  /// that may have a password in them, their scheme.
  var shown: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): Int(exactly: value).map { "\($0)" } ?? "\(value)"
    case .string(let value) where value.contains(/^[^@\s]*:(.*@|\/\/.*\?)/): "\"\(FeedURL.withoutSecrets(value))\""
    case .string(let value): value.count > 60 ? "\"\(value.prefix(57))...\"" : "\"\(value)\""
    case .array, .object: kind
    }
  }
}
