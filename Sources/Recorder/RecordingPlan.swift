import LibAV
import Tape

/// What becomes of a source's streams: decided before anything is recorded, out of descriptions alone.
struct RecordingPlan: Hashable, Sendable {
  /// Where one of the tape's streams comes from.
  enum Source: Hashable, Sendable {
    /// As it is, from the source's stream of this index.
    case copy(Int)
    /// Decoded and encoded anew, from the source's stream of this index.
    case transcode(Int)
    /// Made here: silence, or the station's card.
    case filler
  }

  /// Nil on a radio station.
  var video: Source?
  /// One for each of the house's audio tracks.
  var audio: [Source]
  /// The format of the tape.
  var house: HouseFormat

  /// What a transport stream carries and players play: these are copied.
  static let videoCodecs: Set<String> = ["h264", "hevc", "mpeg2video"]
  static let audioCodecs: Set<String> = ["aac", "mp2", "mp3", "ac3", "eac3"]
  /// More tracks than this do not fit a program map of one packet.
  static let mostTracks = 8

  /// - Parameters:
  ///   - streams: of the source.
  ///   - house: the station's format; nil makes the source's own the house format.
  ///   - transcodesVideo: the picture turned out not to be fit for copying.
  /// - Throws: when the source has nothing to show or to play.
  init(_ streams: [StreamDescription], house: HouseFormat?, transcodesVideo: Bool = false) throws(RecorderError) {
    let picture = streams.first { $0.kind == .video && !$0.isAttachedPicture && $0.codec != "none" }
    let tracks = streams.filter {
      $0.kind == .audio && $0.codec != "none" && $0.sampleRate > 0 && $0.channels > 0
    }
    guard picture != nil || !tracks.isEmpty else {
      throw RecorderError(.badMedia, "there is neither a picture nor sound in it")
    }
    let house = house ?? RecordingPlan.houseFormat(picture: picture, tracks: tracks)
    if house.video == nil, tracks.isEmpty {
      throw RecorderError(.badMedia, "there is no sound in it, and the station is a radio station")
    }
    self.house = house
    video = house.video.map { wanted in
      guard let picture else { return .filler }
      return !transcodesVideo && RecordingPlan.isCopied(picture, as: wanted)
        ? .copy(picture.index) : .transcode(picture.index)
    }
    audio = zip(house.audio, RecordingPlan.match(house.audio, to: tracks)).map { wanted, track in
      guard let track else { return .filler }
      return RecordingPlan.isCopied(track, as: wanted) ? .copy(track.index) : .transcode(track.index)
    }
  }

  /// Finds out, before any work is done, whether the sound that is not copied can be made.
  func confirmEncodable() throws(RecorderError) {
    for (wanted, source) in zip(house.audio, audio) {
      if case .copy = source { continue }
      try SoundSettings(wanted).confirmEncodable()
    }
  }

  /// What is wrong with a format that someone asks for, in words; nil when nothing is.
  static func fault(in house: HouseFormat) -> String? {
    if let video = house.video, !videoCodecs.contains(video.codec) { return "the video codec \"\(video.codec)\"" }
    if house.audio.isEmpty { return "no audio track" }
    if house.audio.count > mostTracks { return "more than \(mostTracks) audio tracks" }
    for track in house.audio {
      if !audioCodecs.contains(track.codec) { return "the audio codec \"\(track.codec)\"" }
      if !(8_000...96_000).contains(track.sampleRate) { return "a sample rate of \(track.sampleRate) Hz" }
      if !(1...8).contains(track.channels) { return "\(track.channels) channels" }
      if let language = track.language, language.utf8.count != 3 { return "the language \"\(language)\"" }
    }
    return nil
  }

  /// The format a source itself suggests.
  private static func houseFormat(picture: StreamDescription?, tracks: [StreamDescription]) -> HouseFormat {
    var audio = tracks.prefix(mostTracks).map { track in
      guard isFitForAir(track) else {
        return HouseFormat.Audio(
          codec: "aac", profile: "LC", sampleRate: [32_000, 44_100, 48_000].first { $0 == track.sampleRate } ?? 48_000,
          channels: track.channels == 1 ? 1 : track.channels < 6 ? 2 : 6, language: track.language)
      }
      return HouseFormat.Audio(
        codec: track.codec, profile: track.codec == "aac" ? track.profile : nil, sampleRate: track.sampleRate,
        channels: track.channels, language: track.language)
    }
    // Sound is what every programme of a station needs a place for.
    if audio.isEmpty { audio = [HouseFormat.Audio(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 2)] }
    let video = picture.map { HouseFormat.Video(codec: videoCodecs.contains($0.codec) ? $0.codec : "h264") }
    return HouseFormat(video: video, audio: audio)
  }

  private static func isCopied(_ picture: StreamDescription, as wanted: HouseFormat.Video) -> Bool {
    picture.codec == wanted.codec && videoCodecs.contains(picture.codec) && picture.rotation == 0
  }

  private static func isCopied(_ track: StreamDescription, as wanted: HouseFormat.Audio) -> Bool {
    track.codec == wanted.codec && isFitForAir(track) && track.sampleRate == wanted.sampleRate
      && track.channels == wanted.channels
      && (track.codec != "aac" || (track.profile ?? "LC") == (wanted.profile ?? "LC"))
  }

  /// AAC must have a configuration that an ADTS header can say, or such headers already.
  private static func isFitForAir(_ track: StreamDescription) -> Bool {
    guard audioCodecs.contains(track.codec) else { return false }
    return track.codec != "aac" || track.extradata.isEmpty
      || ADTSHeader(audioSpecificConfig: track.extradata) != nil
  }

  /// A source track for each of the house's: the same language first, then the order; where there are too few, the
  /// first one again; nil when there is none.
  static func match(_ wanted: [HouseFormat.Audio], to tracks: [StreamDescription]) -> [StreamDescription?] {
    var left = tracks
    var matched = wanted.map { house -> StreamDescription? in
      guard let language = house.language, let index = left.firstIndex(where: { $0.language == language })
      else { return nil }
      return left.remove(at: index)
    }
    for index in matched.indices where matched[index] == nil {
      matched[index] = left.isEmpty ? tracks.first : left.removeFirst()
    }
    return matched
  }
}
