import FoundationEssentials

/// Paths as text.
enum Paths {
  /// `path` as an absolute one, without `.`, `..` and doubled or trailing slashes; symbolic links stay.
  static func absolute(_ path: String, from directory: String? = nil) -> String {
    let base = path.hasPrefix("/") ? "" : directory ?? FileManager.default.currentDirectoryPath
    var parts: [Substring] = []
    for part in "\(base)/\(path)".split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// The directory that an absolute path lies in.
  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  static func lastComponent(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// What follows the last dot of a file's name; empty if there is none, or nothing before it.
  static func fileExtension(of name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
    return String(name[name.index(after: dot)...])
  }
}
