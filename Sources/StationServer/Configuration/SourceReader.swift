import Tape

extension ConfigurationReader {
  /// What a station plays: an object with exactly one key. Nil when that cannot be told; then it is reported.
  func source(_ keys: inout ObjectReader) -> StationSource? {
    guard keys.value("source") != nil else {
      keys.missing("source", "write \"source\": { \"files\": [\"one.mp4\"] }")
      return nil
    }
    var source = keys.object("source")
    guard case .object = keys.value("source") else { return nil }
    defer { source.reportUnknownKeys() }
    let kinds = ["files", "camera", "stream", "testCard"].filter { source.value($0) != nil }
    guard let kind = kinds.first else {
      problems.add(
        source.path,
        "says nothing to play: write \"files\": [\"one.mp4\"], or one of \"camera\", \"stream\" and \"testCard\"")
      return nil
    }
    guard kinds.count == 1 else {
      problems.add(
        source.path, "has \(kinds.map { "\"\($0)\"" }.joined(separator: " and ")): a station plays one of them")
      return nil
    }
    switch kind {
    case "files": return .files(programmes(&source))
    case "camera": return camera(&source).map { .live(.camera($0)) }
    case "stream": return feed(&source).map { .live(.stream($0)) }
    default: return testCard(&source).map { .live(.testCard($0)) }
    }
  }

  private func programmes(_ source: inout ObjectReader) -> [ProgrammeSource] {
    let path = source.path(of: "files")
    guard case .array(let files) = source.value("files"), !files.isEmpty else {
      problems.add(path, "should be a list of files and directories, such as [\"one.mp4\", \"evening/\"]")
      return []
    }
    return files.enumerated().flatMap { index, value in programmes(value, path: "\(path)[\(index)]") }
  }

  /// One entry of `files`: a path, or { "file": ..., "title": ... }. A directory stands for the media files in it.
  private func programmes(_ value: JSONValue, path: String) -> [ProgrammeSource] {
    var file: String?
    var title: String?
    switch value {
    case .string(let text): file = text
    case .object:
      var keys = ObjectReader(value, path: path, problems: problems)
      file = keys.string("file", "the path of a media file")
      title = keys.string("title", "a title") { $0.isEmpty ? "is empty: leave it out or give one" : nil }
      if keys.value("file") == nil { keys.missing("file", "the path of a media file") }
      keys.reportUnknownKeys()
    default:
      let example = "\"one.mp4\" or { \"file\": \"one.mp4\", \"title\": \"One\" }"
      problems.add(path, "\(value.shown) is not a file: write \(example)")
    }
    guard let file else { return [] }
    switch MediaFiles.find(Paths.absolute(file, from: directory)) {
    case .file(let absolute):
      if file.hasSuffix("/") {
        problems.add(path, "\"\(file)\" is a file, not a directory: leave out the / at its end")
      }
      return [ProgrammeSource(file: absolute, title: title)]
    case .directory(let files):
      if files.isEmpty {
        problems.add(path, "\"\(file)\" is a directory without media files: put some in, or name another")
      }
      if title != nil {
        problems.add(path, "\"\(file)\" is a directory, whose files have titles of their own: leave \"title\" out")
      }
      return files.map { ProgrammeSource(file: $0) }
    case .missing(let reason):
      problems.add(path, "\"\(file)\" \(reason) (looked for as \(Paths.absolute(file, from: directory)))")
      return []
    }
  }
}
