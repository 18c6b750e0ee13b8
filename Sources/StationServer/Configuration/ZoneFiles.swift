import FoundationEssentials
import Timetables

/// The time zones that this machine knows.
enum ZoneFiles {
  static let directory = "/usr/share/zoneinfo"

  /// Why a zone cannot be used: the rest of a sentence that starts with its name.
  struct Unknown: Error { let reason: String }

  static func rules(_ name: String) throws(Unknown) -> TimeZoneRules {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isName = parts.allSatisfy { part in
      part.first?.isLetter ?? false
        && part.utf8.allSatisfy { Character(Unicode.Scalar($0)).isLetter || "0123456789+-_".utf8.contains($0) }
    }
    guard isName, !name.isEmpty else { throw Unknown(reason: "is not a time zone's name such as \"Europe/Berlin\"") }
    guard let file = try? Data(contentsOf: URL(filePath: "\(directory)/\(name)")) else {
      throw Unknown(
        reason: FileManager.default.fileExists(atPath: directory)
          ? "is not a time zone of this machine: there is no \(directory)/\(name)"
          : "is not known, for this machine has no time zones: install tzdata (\(directory))")
    }
    do {
      return try TimeZoneRules(name: name, file: Array(file))
    } catch {
      throw Unknown(reason: "cannot be used, for \(directory)/\(name) is no good: \(error)")
    }
  }
}
