import FoundationEssentials

/// The media files of a source.
enum MediaFiles {
  enum Found: Equatable {
    case file(String)
    /// Sorted by name.
    case directory([String])
    /// The rest of a sentence that starts with the path.
    case missing(String)
  }

  /// What makes a file in a directory a programme; a file that is named itself may be called anything.
  static let extensions: Set<String> = [
    "3gp", "aac", "ac3", "aif", "aiff", "avi", "eac3", "flac", "flv", "m2ts", "m2v", "m4a", "m4v", "mka", "mkv", "mov",
    "mp2", "mp3", "mp4", "mpeg", "mpg", "mts", "mxf", "oga", "ogg", "ogv", "opus", "ts", "vob", "wav", "webm", "wma",
    "wmv",
  ]

  static func find(_ path: String) -> Found {
    var isDirectory = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      return .missing("is not there")
    }
    guard isDirectory else {
      return FileManager.default.isReadableFile(atPath: path) ? .file(path) : .missing("may not be read by this user")
    }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      return .missing("is a directory that this user may not read")
    }
    let media = names.filter { name in
      !name.hasPrefix(".") && extensions.contains(Paths.fileExtension(of: name).lowercased())
    }
    return .directory(
      media.sorted().map { "\(path == "/" ? "" : path)/\($0)" }.filter { file in
        var isDirectory = false
        return FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory) && !isDirectory
      })
  }

  /// A file's name without its directory and extension.
  static func title(of path: String) -> String {
    let name = Paths.lastComponent(of: path)
    let ending = Paths.fileExtension(of: name)
    return ending.isEmpty ? name : String(name.dropLast(ending.count + 1))
  }
}
