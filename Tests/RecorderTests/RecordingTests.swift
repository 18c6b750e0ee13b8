import Foundation
import LinuxIO
import Tape
import Testing
import TransportStream

@testable import Recorder

/// From a clip to a tape, with the real libraries.
@Suite struct RecordingTests {
  /// What the first and last stamps of every tape must be, so that it joins with any other.
  private func expectJoinable(_ tape: Tape, sourceLocation: SourceLocation = #_sourceLocation) {
    let stamps = tape.stamps
    for pid in Set(stamps.map(\.pid)) {
      let mine = stamps.filter { $0.pid == pid }
      #expect(zip(mine.dropFirst(), mine).allSatisfy { $0.dts > $1.dts }, sourceLocation: sourceLocation)
      #expect(mine.allSatisfy { $0.pts < HouseTime.lead + tape.length }, sourceLocation: sourceLocation)
      let first = mine.map(\.pts).min() ?? 0
      if pid == PID.video {
        #expect(first == HouseTime.lead, sourceLocation: sourceLocation)
        #expect(mine.first?.dts == HouseTime.lead - HouseTime.reorder, sourceLocation: sourceLocation)
        #expect(
          mine.allSatisfy { $0.dts < HouseTime.lead - HouseTime.reorder + tape.length }, sourceLocation: sourceLocation)
      } else {
        #expect((HouseTime.lead..<HouseTime.lead + 3_000).contains(first), sourceLocation: sourceLocation)
        let last = mine.map(\.pts).max() ?? 0
        #expect(HouseTime.lead + tape.length - last < HouseTime.audioPacket + 3_000, sourceLocation: sourceLocation)
      }
    }
  }

  @Test func anOrdinaryClipIsCopied() throws {
    let clips = try Clips()
    let clip = try clips.make(
      "clip.mp4", "\(Clips.picture) \(Clips.sound) \(Clips.h264) -bf 2 -g 25 -c:a aac -ac 2 -metadata title=Quay")
    let tape = try clips.record(clip)
    #expect(tape.info.duration == .seconds(2))
    #expect(tape.info.title == "Quay")
    #expect(tape.info.format.video?.codec == "h264")
    #expect(try Clips.streams(tape.path) == ["h264,320,180", "aac,48000,2"])
    #expect(try Clips.complaints(tape.path) == "")
    expectJoinable(tape)
    // A random access point at each key frame, and there only.
    let last = tape.datagramCount - 1
    let second = tape.randomAccessPoint(atOrBefore: last)
    #expect(second > 0)
    #expect(tape.randomAccessPoint(atOrBefore: second - 1) == 0)
    // 50 pictures in each direction of the copy, and not one more.
    #expect(tape.stamps.filter { $0.pid == PID.video }.count == 50)
  }

  /// What the parameter sets say of the rate of pictures is what receivers reckon with.
  @Test func fastPicturesAreTranscodedForAnyDecoder() throws {
    let clips = try Clips()
    let clip = try clips.make(
      "clip.avi", "-f lavfi -i testsrc2=s=640x360:r=50:d=4 -f lavfi -i sine=r=48000:d=4 -c:v mpeg4 -q:v 6 -c:a mp2")
    let house = HouseFormat(
      video: .init(codec: "h264"), audio: [.init(codec: "aac", sampleRate: 48_000, channels: 2)])
    let tape = try clips.record(clip, house: house)
    #expect(try Clips.complaints(tape.path) == "")
    let rate = try Clips.run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v", "-of", "default=nk=1:nw=1", "-show_entries", "packet=duration",
        "-read_intervals", "%+#4", tape.path,
      ])
    #expect(Set(rate.split(whereSeparator: \.isNewline)) == ["1800"])
    expectJoinable(tape)
  }

  @Test func tracksKeepTheirLanguages() throws {
    let clips = try Clips()
    let clip = try clips.make(
      "clip.mkv",
      "\(Clips.picture) \(Clips.sound) \(Clips.sound) -map 0 -map 1 -map 2 -c:v libx265 -preset ultrafast "
        + "-x265-params log-level=none -c:a ac3 -ac 2 -metadata:s:a:0 language=deu -metadata:s:a:1 language=eng")
    let tape = try clips.record(clip)
    #expect(try Clips.streams(tape.path) == ["hevc,320,180", "ac3,48000,2,deu", "ac3,48000,2,eng"])
    #expect(try Clips.complaints(tape.path) == "")
    expectJoinable(tape)
  }

  @Test func whatPlayersDoNotTakeIsTranscoded() throws {
    let clips = try Clips()
    let clip = try clips.make("clip.avi", "\(Clips.picture) \(Clips.sound) -c:v mpeg4 -c:a pcm_s16le")
    let tape = try clips.record(clip)
    #expect(try Clips.streams(tape.path) == ["h264,320,180", "aac,48000,1"])
    #expect(tape.info.duration == .seconds(2))
    #expect(try Clips.complaints(tape.path) == "")
    expectJoinable(tape)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: tape.path))
        == Data(contentsOf: URL(fileURLWithPath: clips.record(clip, as: "again").path)))
  }

  @Test func anEditListThatBeginsInsideAGroupIsObeyed() throws {
    let clips = try Clips()
    let whole = try clips.make("whole.mp4", "\(Clips.picture) \(Clips.sound) \(Clips.h264) -bf 2 -g 250 -c:a aac")
    let clip = try clips.make("clip.mp4", "-ss 0.5 -i \(whole) -c copy")
    let tape = try clips.record(clip)
    #expect(abs(tape.info.duration.inSeconds - 1.5) < 0.05)
    #expect(try Clips.complaints(tape.path) == "")
    expectJoinable(tape)
  }

  /// A copy that begins at a key frame of an open group: the loop must not let the decoder mistake the order.
  @Test(arguments: [
    "libx265 -x265-params log-level=none:open-gop=1:keyint=20:bframes=3",
    "libx264 -x264-params open-gop=1:keyint=20:bframes=3",
  ])
  func openGroupsJoin(encoder: String) throws {
    let clips = try Clips()
    let whole = try clips.make(
      "whole.mkv", "\(Clips.picture) \(Clips.sound) -c:v \(encoder) -preset ultrafast -c:a aac")
    let clip = try clips.make("clip.mkv", "-ss 0.9 -i \(whole) -c copy")
    let tape = try clips.record(clip)
    expectJoinable(tape)
    let air = try clips.air([tape], programmes: 4)
    #expect(air.faults == [])
    let complaints = try Clips.complaints(air.path)
    #expect(complaints == "")
  }

  /// Slides: a decoder gets a picture at least once a second nevertheless.
  @Test func longPausesAreFilled() throws {
    let clips = try Clips()
    let clip = try clips.make(
      "slides.mp4", "-f lavfi -i testsrc2=s=320x180:r=1/3:d=9 \(Clips.sound) \(Clips.h264) -bf 2 -c:a aac")
    let tape = try clips.record(clip)
    #expect(abs(tape.info.duration.inSeconds - 9) < 0.1)
    let stamps = tape.stamps.filter { $0.pid == PID.video }.map(\.dts)
    #expect(zip(stamps.dropFirst(), stamps).allSatisfy { $0 - $1 < 90_000 })
    let complaints = try Clips.complaints(tape.path)
    #expect(complaints == "")
    expectJoinable(tape)
  }

  @Test func aTurnedPictureIsTurned() throws {
    let clips = try Clips()
    let plain = try clips.make("plain.mp4", "\(Clips.picture) \(Clips.h264)")
    let clip = try clips.make("clip.mp4", "-i \(plain) -c copy -metadata:s:v rotate=90")
    #expect(try Clips.streams(try clips.record(clip).path).first == "h264,180,320")
  }

  @Test(arguments: [1.2, 2.0, 3.1])
  func soundOfAnyLength(seconds: Double) throws {
    let clips = try Clips()
    let clip = try clips.make(
      "clip.mp4", "\(Clips.picture) -f lavfi -i sine=440:r=44100:d=\(seconds) \(Clips.h264) -c:a aac")
    let tape = try clips.record(clip)
    #expect(tape.info.duration == .seconds(2))
    #expect(try Clips.complaints(tape.path) == "")
    expectJoinable(tape)
  }

  /// Whoever is cut over to a random access point has PAT, PMT and SI slot at once, then a PCR, then a key frame, all in
  /// one datagram; so many of them, each with the picture or sound that decoding begins with.
  private func expectWaysIn(
    _ tape: Tape, count expected: ClosedRange<Int>, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let access = tape.info.format.video == nil ? PID.firstAudio : PID.video
    var points: [Int] = []
    var number = tape.datagramCount - 1
    while number >= 0 {
      points.append(tape.randomAccessPoint(atOrBefore: number))
      number = points[points.count - 1] - 1
    }
    #expect(expected.contains(points.count), sourceLocation: sourceLocation)
    var bytes = [UInt8](repeating: 0, count: 1_316)
    for point in points {
      var span = bytes.mutableSpan
      let count = tape.copy(point, to: &span)
      let packets = stride(from: 0, to: count, by: 188).compactMap { TSPacket(bytes.span, at: $0) }
      #expect(packets.prefix(3).map(\.pid) == [PID.pat, PID.pmt, PID.sdt], sourceLocation: sourceLocation)
      let media = packets.firstIndex { $0.hasPayload && (PID.video...PID.firstAudio + 8).contains($0.pid) }
      let clock = packets.firstIndex { $0.pcr != nil }
      guard let media, let clock else {
        Issue.record("no clock or no media in datagram \(point)", sourceLocation: sourceLocation)
        continue
      }
      #expect(clock <= media, sourceLocation: sourceLocation)
      let first = packets[media]
      #expect(
        first.pid == access && first.payloadUnitStart && first.randomAccess, sourceLocation: sourceLocation)
    }
  }

  /// Where every picture is a key frame, those that follow one too closely are no way in.
  @Test(arguments: [("-g 10 -bf 2", 5...5), ("-g 50", 1...1), ("-g 1", 40...50)])
  func everyKeyFrameIsAWayIn(group: String, count: ClosedRange<Int>) throws {
    let clips = try Clips()
    let clip = try clips.make(
      "clip.mp4", "\(Clips.picture) \(Clips.sound) \(Clips.h264) \(group) -sc_threshold 0 -c:a aac")
    expectWaysIn(try clips.record(clip), count: count)
    expectWaysIn(try clips.record(clip, bitrate: 6_000_000, as: "steady"), count: count)
  }

  @Test func aSongMakesARadioProgramme() throws {
    let clips = try Clips()
    let cover = try clips.make("cover.jpg", "-f lavfi -i color=red:s=64x64:d=1 -frames:v 1")
    let clip = try clips.make(
      "song.mp3",
      "\(Clips.sound) -i \(cover) -map 0 -map 1 -c:a libmp3lame -ar 44100 -c:v mjpeg "
        + "-disposition:v attached_pic")
    let tape = try clips.record(clip)
    #expect(tape.info.format.video == nil)
    #expect(try Clips.streams(tape.path) == ["mp3,44100,1"])
    #expect(try Clips.complaints(tape.path, hasPicture: false) == "")
    expectJoinable(tape)
    // 2 s of three frames of 26 ms each, with what the encoder puts in front and behind.
    expectWaysIn(tape, count: 25...27)
    // A way in at least five times a second.
    for number in stride(from: 0, to: tape.datagramCount, by: 7) {
      let point = tape.randomAccessPoint(atOrBefore: number)
      #expect(tape.date(of: number) - tape.date(of: point) < .milliseconds(200))
    }
  }

  @Test func aConstantRateIsConstant() throws {
    let clips = try Clips()
    let clip = try clips.make("clip.mp4", "\(Clips.picture) \(Clips.sound) \(Clips.h264) -b:v 500k -c:a aac")
    let tape = try clips.record(clip, bitrate: 3_000_000)
    #expect(abs(tape.bitrate - 3_000_000) < 1_504)
    let error = #expect(throws: RecorderError.self) { try clips.record(clip, bitrate: 200_000, as: "little") }
    #expect(error?.status == .badMedia)
    #expect(error?.description.contains("ask for about") == true)
    #expect(clips.directory.files == ["clip.mp4", "tape.index", "tape.ts"])
  }

  @Test func whatIsNoMediaFile() throws {
    let clips = try Clips()
    let noise = clips.directory.path("noise.mp4")
    try Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }).write(to: URL(fileURLWithPath: noise))
    let empty = clips.directory.path("empty.mkv")
    try Data().write(to: URL(fileURLWithPath: empty))
    func status(_ path: String) -> RecorderError.Status? {
      #expect(throws: RecorderError.self) { try clips.record(path) }?.status
    }
    #expect(status(noise) == .badMedia)
    #expect(status(empty) == .badMedia)
    #expect(status(clips.directory.path) == .noInput)
    #expect(status(clips.directory.path("nothing")) == .noInput)
    #expect(clips.directory.files == ["empty.mkv", "noise.mp4"])
  }

  /// The house asks for what no encoder makes: the configuration is wrong, not the file, and nothing was begun.
  @Test(arguments: [
    HouseFormat.Audio(codec: "mp3", sampleRate: 48_000, channels: 6),
    HouseFormat.Audio(codec: "mp2", sampleRate: 96_000, channels: 2),
    HouseFormat.Audio(codec: "eac3", sampleRate: 48_000, channels: 8),
    HouseFormat.Audio(codec: "aac", sampleRate: 48_000, channels: 7),
  ])
  func formatsThatNoEncoderMakes(format: HouseFormat.Audio) throws {
    let clips = try Clips()
    let clip = try clips.make("clip.mp4", "\(Clips.picture) \(Clips.sound) \(Clips.h264) -c:a aac")
    let house = HouseFormat(video: HouseFormat.Video(codec: "h264"), audio: [format])
    let error = #expect(throws: RecorderError.self) { try clips.record(clip, house: house) }
    #expect(error?.status.rawValue == 78)
    #expect(
      error?.description
        == "the house format asks for \(format.channels) channels of \(format.codec) at \(format.sampleRate) Hz, which "
        + "no encoder here makes: give the station another \"format\"")
    #expect(clips.directory.files == ["clip.mp4"])
  }

  /// An MP4 whose index comes at its end, and is not there yet.
  @Test func aFileThatIsStillBeingWritten() throws {
    let clips = try Clips()
    let clip = try clips.make("clip.mp4", "\(Clips.picture) \(Clips.h264)")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: clip))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: clip))
    func reason() -> String { #expect(throws: RecorderError.self) { try clips.record(clip) }?.description ?? "" }
    #expect(reason().hasSuffix("; it may still be being written"))
    try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -600)], ofItemAtPath: clip)
    #expect(!reason().contains("being written"))
  }

  /// Whoever hangs may find a better moment: its file is not condemned.
  @Test func whatHangsIsNoBadMedia() {
    #expect(Supervision.stalled("a.mkv").status.rawValue == 74)
    #expect(Supervision.stalled("a.mkv").description.hasPrefix("a.mkv: no progress for 60 s"))
  }

  /// Five seconds of sound stretched over days: no silence is laid out for that.
  @Test(.timeLimit(.minutes(1))) func whatClaimsToLastForDays() throws {
    let clips = try Clips()
    let short = try clips.make("short.mka", "-f lavfi -i sine=440:r=48000:d=5 -c:a ac3")
    let clip = try clips.make("clip.mka", "-itsscale 100000 -i \(short) -c copy")
    let error = #expect(throws: RecorderError.self) { try clips.record(clip) }
    #expect(error?.status == .badMedia)
    #expect(error?.description.contains("30 hours") == true)
  }

  /// A film is not lost to its own tape, by whichever name.
  @Test func aTapeNeverReplacesItsSource() throws {
    let clips = try Clips()
    let clip = try clips.make("clip.ts", "\(Clips.picture) \(Clips.h264)")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: clip))
    try FileManager.default.createSymbolicLink(atPath: clips.directory.path("link.ts"), withDestinationPath: clip)
    try FileManager.default.linkItem(atPath: clip, toPath: clips.directory.path("hard.ts"))
    for name in ["clip", "link", "hard"] {
      let error = #expect(throws: RecorderError.self) { try clips.record(clip, as: name) }
      #expect(error?.status == .cannotCreate)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: clip)) == bytes)
    #expect(clips.directory.files == ["clip.ts", "hard.ts", "link.ts"])
  }

  /// A file that is still being copied is no programme yet; its tape would be kept for good.
  @Test func aSourceThatChangesMeanwhileMakesNoTape() throws {
    let clips = try Clips()
    let clip = try clips.make("clip.mkv", "\(Clips.picture) \(Clips.h264)")
    let recording = Recording(
      input: clip, output: clips.directory.path("tape.ts"), house: nil, bitrate: nil, card: "",
      progress: Progress(.none))
    let before = try FileStatus(clip)
    try recording.confirmUnchanged(since: before)
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: clip))
    try file.seekToEnd()
    try file.write(contentsOf: Data([0]))
    let error = #expect(throws: RecorderError.self) { try recording.confirmUnchanged(since: before) }
    #expect(error?.status == .inputOutput)
    #expect(error?.description.contains("changed") == true)
  }

  /// Whatever its files are called, an error is one line and moves no cursor.
  @Test func anErrorIsOneLine() {
    #expect(RecorderError(.noInput, "a\nb\u{1B}[2J.mkv: none").description == "a b [2J.mkv: none")
  }

  @Test func aCutOffFileIsUsedAsFarAsItGoes() throws {
    let clips = try Clips()
    let clip = try clips.make("clip.mkv", "\(Clips.picture) \(Clips.sound) \(Clips.h264) -g 10 -c:a aac")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: clip))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: clip))
    let tape = try clips.record(clip)
    #expect((0.3...1.7).contains(tape.info.duration.inSeconds))
    expectJoinable(tape)
  }

  /// Programmes of different kinds in one house format, played out over and over.
  @Test func differentProgrammesJoin() throws {
    let clips = try Clips()
    let house = HouseFormat(
      video: HouseFormat.Video(codec: "h264"),
      audio: [HouseFormat.Audio(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 2, language: "eng")])
    let sources = [
      try clips.make("a.mp4", "\(Clips.picture) \(Clips.sound) \(Clips.h264) -bf 2 -c:a aac -ac 2"),
      try clips.make(
        "b.mkv",
        "-f lavfi -i testsrc2=s=480x270:r=30000/1001:d=1.7 -f lavfi -i sine=300:r=44100:d=2 "
          + "-c:v mpeg4 -c:a flac"),
      try clips.make("c.mp3", "-f lavfi -i sine=500:r=32000:d=1.3 -c:a libmp3lame"),
      try clips.make("d.mp4", "-f lavfi -i testsrc2=s=320x180:r=10:d=1.5 \(Clips.h264) -bf 3"),
    ]
    let tapes = try sources.enumerated().map { try clips.record($1, house: house, as: "tape\($0)") }
    for tape in tapes {
      #expect(tape.info.format == house)
      expectJoinable(tape)
    }
    let air = try clips.air(tapes, programmes: 20)
    #expect(air.faults == [])
    let complaints = try Clips.complaints(air.path)
    #expect(complaints == "")
  }
}
