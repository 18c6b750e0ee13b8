import LibAV
import Tape
import Testing

@testable import Recorder

private func video(_ index: Int, _ codec: String, rotation: Int = 0, cover: Bool = false) -> StreamDescription {
  var stream = StreamDescription(index: index, kind: .video, codec: codec, timeBase: .ninetyKilohertz)
  stream.rotation = rotation
  stream.isAttachedPicture = cover
  return stream
}

private func audio(
  _ index: Int, _ codec: String, rate: Int = 48_000, channels: Int = 2, language: String? = nil,
  profile: String? = nil, extradata: [UInt8] = []
) -> StreamDescription {
  var stream = StreamDescription(index: index, kind: .audio, codec: codec, timeBase: Rational(1, 48_000))
  stream.sampleRate = rate
  stream.channels = channels
  stream.language = language
  stream.profile = profile
  stream.extradata = extradata
  return stream
}

private func house(_ video: String?, _ audio: HouseFormat.Audio...) -> HouseFormat {
  HouseFormat(video: video.map { HouseFormat.Video(codec: $0) }, audio: audio)
}

private let stereo = HouseFormat.Audio(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 2)

@Suite struct RecordingPlanTests {
  @Test func whatPlayersTakeIsCopied() throws {
    let plan = try RecordingPlan(
      [video(0, "hevc"), audio(1, "ac3", language: "deu"), audio(2, "aac", language: "eng", profile: "LC")],
      house: nil)
    #expect(plan.video == .copy(0))
    #expect(plan.audio == [.copy(1), .copy(2)])
    #expect(plan.house.video?.codec == "hevc")
    #expect(plan.house.audio.map(\.language) == ["deu", "eng"])
    #expect(plan.house.audio.map(\.profile) == [nil, "LC"])
  }

  @Test func theRestIsTranscoded() throws {
    let plan = try RecordingPlan([video(0, "vp9"), audio(1, "opus", rate: 96_000, channels: 8)], house: nil)
    #expect(plan.video == .transcode(0))
    #expect(plan.audio == [.transcode(1)])
    #expect(plan.house == house("h264", .init(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 6)))
  }

  @Test func coversAreNoPictures() throws {
    let plan = try RecordingPlan([audio(0, "mp3", rate: 44_100), video(1, "mjpeg", cover: true)], house: nil)
    #expect(plan.video == nil)
    #expect(plan.house == house(nil, .init(codec: "mp3", sampleRate: 44_100, channels: 2)))
  }

  @Test func aSilentFilmGetsRoomForSound() throws {
    let plan = try RecordingPlan([video(0, "h264")], house: nil)
    #expect(plan.audio == [.filler])
    #expect(plan.house == house("h264", stereo))
  }

  @Test(arguments: [
    (audio(1, "aac", profile: "LC"), true),
    (audio(1, "aac", profile: "HE-AAC"), false),
    (audio(1, "aac", rate: 44_100, profile: "LC"), false),
    (audio(1, "aac", channels: 6, profile: "LC"), false),
    (audio(1, "mp2"), false),
    (audio(1, "aac", profile: "LC", extradata: [0x11, 0x90]), true),
    (audio(1, "aac", profile: "LC", extradata: [0x11, 0x80]), false),
  ])
  func onlyTheHousesOwnFormatIsCopied(track: StreamDescription, isCopied: Bool) throws {
    let plan = try RecordingPlan([video(0, "h264"), track], house: house("h264", stereo))
    #expect(plan.audio == [isCopied ? .copy(1) : .transcode(1)])
  }

  @Test func picturesThatCannotBeCopied() throws {
    let format = house("h264", stereo)
    #expect(try RecordingPlan([video(0, "hevc")], house: format).video == .transcode(0))
    #expect(try RecordingPlan([video(0, "h264", rotation: 90)], house: format).video == .transcode(0))
    #expect(try RecordingPlan([video(0, "h264")], house: format, transcodesVideo: true).video == .transcode(0))
    #expect(try RecordingPlan([audio(0, "aac")], house: format).video == .filler)
    #expect(try RecordingPlan([video(0, "h264"), audio(1, "aac")], house: house(nil, stereo)).video == nil)
  }

  @Test func tracksAreMatchedByLanguageThenByOrder() {
    let tracks = [audio(1, "aac", language: "fra"), audio(2, "aac"), audio(3, "aac", language: "eng")]
    func match(_ languages: [String?]) -> [Int?] {
      RecordingPlan.match(
        languages.map { HouseFormat.Audio(codec: "aac", sampleRate: 48_000, channels: 2, language: $0) }, to: tracks
      ).map { $0?.index }
    }
    #expect(match(["eng"]) == [3])
    #expect(match(["eng", "deu", nil]) == [3, 1, 2])
    #expect(match([nil, "fra", nil, "ita"]) == [2, 1, 3, 1])
    #expect(RecordingPlan.match([stereo], to: []).map { $0?.index } == [nil])
  }

  @Test func nothingUsable() {
    #expect(throws: RecorderError.self) { try RecordingPlan([], house: nil) }
    #expect(throws: RecorderError.self) { try RecordingPlan([video(0, "mjpeg", cover: true)], house: nil) }
    #expect(throws: RecorderError.self) { try RecordingPlan([video(0, "h264")], house: house(nil, stereo)) }
  }

  @Test func formatsThatNobodyCanMake() {
    #expect(RecordingPlan.fault(in: house("h264", stereo)) == nil)
    #expect(RecordingPlan.fault(in: house("vp9", stereo))?.contains("vp9") == true)
    #expect(RecordingPlan.fault(in: house("h264")) != nil)
    #expect(RecordingPlan.fault(in: house(nil, .init(codec: "opus", sampleRate: 48_000, channels: 2))) != nil)
    #expect(RecordingPlan.fault(in: house(nil, .init(codec: "aac", sampleRate: 1, channels: 2))) != nil)
    #expect(RecordingPlan.fault(in: house(nil, .init(codec: "aac", sampleRate: 48_000, channels: 0))) != nil)
  }
}
