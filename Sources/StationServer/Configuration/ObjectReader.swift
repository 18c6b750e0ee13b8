/// Reads the keys of one object of the configuration, reporting what does not fit, and remembers what was asked for:
/// any other key is unknown.
struct ObjectReader {
  let path: String
  let problems: Problems
  private let members: [String: JSONValue]
  private var known: [String] = []

  /// A value that is there but no object is reported, and read as an empty one.
  init(_ value: JSONValue?, path: String, problems: Problems) {
    self.path = path
    self.problems = problems
    switch value {
    case .object(let members): self.members = members
    case nil: members = [:]
    case .some(let other):
      problems.add(path, "\(other.shown) is not an object: write { \"key\": value, ... }")
      members = [:]
    }
  }

  func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  mutating func value(_ key: String) -> JSONValue? {
    known.append(key)
    return members[key]
  }

  mutating func object(_ key: String) -> ObjectReader {
    ObjectReader(value(key), path: path(of: key), problems: problems)
  }

  /// A key that must be there and is not: says so.
  func missing(_ key: String, _ remedy: String) { problems.add(path(of: key), "is missing: \(remedy)") }

  /// A string, which `fits` may refuse by returning the reason.
  ///
  /// - Parameter shows: what a message quotes of it; nil quotes it as it is.
  mutating func string(
    _ key: String, _ what: String, fits: (String) -> String? = { _ in nil }, shows: ((String) -> String)? = nil
  ) -> String? {
    guard let value = value(key) else { return nil }
    guard case .string(let text) = value else {
      problems.add(path(of: key), "\(value.shown) is not \(what): write it as a string in double quotes")
      return nil
    }
    if let reason = fits(text) {
      problems.add(path(of: key), "\(shows.map { "\"\($0(text))\"" } ?? value.shown) \(reason)")
      return nil
    }
    return text
  }

  /// A whole number in a range.
  mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.integer, range.contains(number) else {
      problems.add(
        path(of: key), "\(value.shown) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// Reports every key that nobody asked for, with the one that was probably meant.
  func reportUnknownKeys() {
    for key in members.keys.sorted() where !known.contains(key) {
      let nearest = known.map { ($0, editDistance($0.lowercased(), key.lowercased())) }.min { $0.1 < $1.1 }
      if let (guess, distance) = nearest, distance <= max(1, min(3, key.count / 2)) {
        problems.add(path(of: key), "is not a key of stationd: did you mean \"\(guess)\"?")
      } else {
        problems.add(path(of: key), "is not a key of stationd: known here are \(known.joined(separator: ", "))")
      }
    }
  }
}

/// How many letters to insert, remove or replace to get from one word to the other (Levenshtein).
func editDistance(_ one: String, _ other: String) -> Int {
  let other = Array(other)
  var row = Array(0...other.count)
  for (i, letter) in one.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for j in other.indices {
      let replaced = diagonal + (other[j] == letter ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[other.count]
}
