/// Why one line was not taken. The stream goes on with the next line.
package enum MessageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Longer than ``longestMessageLine`` bytes, or on an open stream connection, ``longestStreamLine``.
  case lineTooLong
  /// Not a JSON object in UTF-8, or one with a number out of its range (the JSON parser does not tell which).
  case notAnObject
  /// A JSON object without a string in its field `type`.
  case missingType
  /// A known type with a field missing or of the wrong kind: the path of that field, as in "station".
  case badField(String)
  /// A message that JSON cannot carry, such as one with a date that is not a number.
  case notEncodable

  package var description: String {
    switch self {
    case .lineTooLong: "The line is longer than 64 KiB."
    case .notAnObject: "The line is not a JSON object in UTF-8, or has a number that is out of range or not whole."
    case .missingType: "The object has no field \"type\" with a string in it."
    case .badField(let path): "The field \"\(path)\" is missing or not of the kind it should be."
    case .notEncodable: "The message has a value that JSON cannot carry."
    }
  }

  /// The code under which a server answers such a line.
  package var code: ErrorCode {
    self == .lineTooLong ? .tooLong : .malformed
  }

  /// What a failed decoding tells about the line.
  init(_ error: any Error) {
    guard let error = error as? DecodingError else {
      self = .notAnObject
      return
    }
    let path: [any CodingKey] =
      switch error {
      case .keyNotFound(let key, let context): context.codingPath + [key]
      case .typeMismatch(_, let context), .valueNotFound(_, let context): context.codingPath
      case .dataCorrupted(let context): context.codingPath
      @unknown default: []
      }
    switch path.map(\.stringValue) {
    case []: self = .notAnObject
    case ["type"]: self = .missingType
    case let names: self = .badField(names.joined(separator: "."))
    }
  }
}
