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
    let kinds = ["files", "schedule", "camera", "stream", "testCard"].filter { source.value($0) != nil }
    guard let kind = kinds.first else {
      problems.add(
        source.path,
        "says nothing to play: write \"files\": [\"one.mp4\"], or one of \"schedule\", \"camera\", \"stream\" and \"testCard\""
      )
      return nil
    }
    guard kinds.count == 1 else {
      problems.add(
        source.path, "has \(kinds.map { "\"\($0)\"" }.joined(separator: " and ")): a station plays one of them")
      return nil
    }
    switch kind {
    case "files": return .files(rotation(&source))
    case "schedule": return schedule(&source).map { .schedule($0) }
    case "camera": return camera(&source).map { .live(.camera($0)) }
    case "stream": return feed(&source).map { .live(.stream($0)) }
    default: return testCard(&source).map { .live(.testCard($0)) }
    }
  }

  /// "files": a list of media, and perhaps "shuffle".
  func rotation(_ keys: inout ObjectReader) -> Rotation {
    let path = keys.path(of: "files")
    let shuffle = shuffle(&keys)
    guard case .array(let files) = keys.value("files"), !files.isEmpty else {
      problems.add(path, "should be a list of files, directories and playlists, such as [\"one.mp4\", \"evening/\"]")
      return Rotation([Rotation.Item](), shuffle: shuffle)
    }
    return Rotation(items(files, path: path), shuffle: shuffle)
  }

  /// A seed: any whole number, so that the same one gives the same order everywhere.
  func shuffle(_ keys: inout ObjectReader) -> Int? { keys.integer("shuffle", in: 0...2_147_483_647) }

  func items(_ values: [JSONValue], path: String) -> [Rotation.Item] {
    values.enumerated().compactMap { index, value in item(value, path: "\(path)[\(index)]") }
  }

  /// One entry of `files`: a path, or { "file": ..., "title": ... }.
  private func item(_ value: JSONValue, path: String) -> Rotation.Item? {
    switch value {
    case .string(let file): return item(file, title: nil, path: path)
    case .object:
      var keys = ObjectReader(value, path: path, problems: problems)
      defer { keys.reportUnknownKeys() }
      let title = keys.string("title", "a title") { $0.isEmpty ? "is empty: leave it out or give one" : nil }
      if keys.value("file") == nil { keys.missing("file", "the path of a media file") }
      return keys.string("file", "the path of a media file").flatMap { item($0, title: title, path: path) }
    default:
      let example = "\"one.mp4\" or { \"file\": \"one.mp4\", \"title\": \"One\" }"
      problems.add(path, "\(value.shown) is not a file: write \(example)")
      return nil
    }
  }

  /// A media file, a directory, or a playlist, by its ending. What is in the latter two may change, so that nothing in
  /// them is no fault; what cannot ever be played out of a playlist is.
  func item(_ file: String, title: String?, path: String) -> Rotation.Item? {
    if file.contains("://") {
      problems.add(
        path,
        "\"\(FeedURL.withoutSecrets(file))\" is the address of a stream, not a file: write "
          + "\"source\": { \"stream\": \"rtsp://camera.example/live\" }")
      return nil
    }
    let absolute = Paths.absolute(file, from: directory)
    func refuseTitle(_ what: String) {
      guard title != nil else { return }
      problems.add(path, "\"\(file)\" is \(what), whose files have titles of their own: leave \"title\" out")
    }
    switch MediaFiles.find(absolute) {
    case .missing(let reason):
      problems.add(path, "\"\(file)\" \(reason) (looked for as \(absolute))")
      return nil
    case .directory:
      refuseTitle("a directory")
      return .directory(absolute)
    case .file:
      if file.hasSuffix("/") {
        problems.add(path, "\"\(file)\" is a file, not a directory: leave out the / at its end")
      }
      guard Playlist.endings.contains(Paths.fileExtension(of: absolute).lowercased()) else {
        return .file(ProgrammeSource(file: absolute, title: title))
      }
      refuseTitle("a playlist")
      do {
        for refusal in try MediaListing.playlist(absolute).refusals {
          problems.add(path, "\"\(file)\", line \(refusal.line): \(refusal.reason)")
        }
      } catch {
        problems.add(path, "\"\(file)\" \(error.reason)")
      }
      return .playlist(absolute)
    }
  }
}
