import Tape

extension ConfigurationReader {
  static let videoCodecs = ["h264", "hevc", "mpeg2video"]
  static let audioCodecs = ["aac", "mp2", "mp3", "ac3", "eac3"]

  /// A station's own house format: { "video": { "codec": "h264" }, "audio": [ { "codec": "aac", ... } ] }.
  /// Nil: the first programme's.
  func houseFormat(_ keys: inout ObjectReader) -> HouseFormat? {
    guard let value = keys.value("format") else { return nil }
    var format = keys.object("format")
    guard case .object = value else { return nil }
    defer { format.reportUnknownKeys() }
    var video: HouseFormat.Video?
    if format.value("video") != nil {
      var keys = format.object("video")
      video = codec(&keys, Self.videoCodecs).map { HouseFormat.Video(codec: $0) }
      keys.reportUnknownKeys()
    }
    var audio: [HouseFormat.Audio] = []
    switch format.value("audio") {
    case .array(let tracks):
      for (index, track) in tracks.enumerated() {
        var keys = ObjectReader(track, path: "\(format.path(of: "audio"))[\(index)]", problems: problems)
        if let track = self.audio(&keys) { audio.append(track) }
        keys.reportUnknownKeys()
      }
    case nil: break
    case .some(let other):
      problems.add(
        format.path(of: "audio"), "\(other.shown) is not a list of sound tracks: write [ { \"codec\": \"aac\" } ]")
    }
    if format.value("video") == nil, audio.isEmpty {
      problems.add(format.path, "names neither a picture nor sound: give \"video\", \"audio\" or both")
    }
    return HouseFormat(video: video, audio: audio)
  }

  private func audio(_ keys: inout ObjectReader) -> HouseFormat.Audio? {
    let codec = codec(&keys, Self.audioCodecs)
    let sampleRate = keys.integer("sampleRate", in: 8000...96000)
    let channels = keys.integer("channels", in: 1...8)
    let language = keys.string("language", "a language") { text in
      text.utf8.count == 3 && text.utf8.allSatisfy { 0x61...0x7A ~= $0 }
        ? nil : "is not a language code of three letters (ISO 639-2) such as \"eng\""
    }
    guard let codec else { return nil }
    return HouseFormat.Audio(
      codec: codec, profile: nil, sampleRate: sampleRate ?? 48000, channels: channels ?? 2, language: language)
  }

  private func codec(_ keys: inout ObjectReader, _ codecs: [String]) -> String? {
    if keys.value("codec") == nil { keys.missing("codec", "one of \(codecs.joined(separator: ", "))") }
    return keys.string("codec", "a codec") {
      codecs.contains($0) ? nil : "is not a codec that stations carry: one of \(codecs.joined(separator: ", "))"
    }
  }
}
