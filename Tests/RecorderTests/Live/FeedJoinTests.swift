import Foundation
import LibAV
import LinuxIO
import Tape
import Testing
import TransportStream

@testable import Recorder

/// Bytes that are all there.
private final class StoredBytes: FeedBytes {
  private let bytes: [UInt8]
  private var taken: Int

  init(_ bytes: [UInt8], from offset: Int) { (self.bytes, taken) = (bytes, offset) }

  func read(into span: inout MutableSpan<UInt8>) -> Int? {
    let count = min(span.count, bytes.count - taken, 1_316)
    guard count > 0 else { return nil }
    for index in 0..<count { span[index] = bytes[taken + index] }
    taken += count
    return count
  }
}

/// Feeds that are met in their midst, or become others in it.
@Suite(.serialized) struct FeedJoinTests {
  static let h264 = "-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p"

  /// The part of a stream of 3 Mb/s from so many seconds on, in whole packets.
  private func part(_ bytes: [UInt8], from start: Double, to end: Double) -> [UInt8] {
    func offset(_ seconds: Double) -> Int { min(bytes.count, Int(seconds * 3_000_000 / 8) / 188 * 188) }
    return Array(bytes[offset(start)..<offset(end)])
  }

  /// Sends twice as fast as it is to be shown, on a thread of its own.
  private func send(_ bytes: [UInt8], to place: FeedPlace) {
    let sender = FeedSender(bytes: bytes, rate: 6_000_000, group: place.group, port: place.port, isRTP: false)
    Thread { _ = try? sender.send() }.start()
  }

  /// Four seconds from one key picture to the next, joined far from them and just before one: the pictures begin with
  /// the first that comes, which must not be spent on looking what the feed is made of.
  @Test(arguments: [
    ("h264", "\(h264) -g 100 -c:a aac"), ("hevc", "\(h264) -g 100 -c:a aac"),
    (
      "hevc",
      "-c:v libx265 -preset ultrafast -tune zerolatency -x265-params log-level=none:open-gop=0:keyint=100 -c:a aac"
    ), ("mpeg2video", "-c:v mpeg2video -g 100 -sc_threshold 1000000000 -c:a mp2"),
  ]) func hasItsPictureFromTheNextKey(house: String, codecs: String) throws {
    let clips = try Clips()
    let clip = try FeedInputTests.stream(clips, seconds: 7, codecs: codecs)
    let format = HouseFormat(video: .init(codec: house), audio: FeedProbe.house.audio)
    for start in [1.2, 3.5] {
      let place = try FeedPlace()
      let probe = try FeedProbe("udp://\(place)?localaddr=lo", house: format)
      send(part(clip, from: start, to: 6.5), to: place)
      // From the fourth second on: 2.5 s of 25, but for what is in the multiplexer.
      #expect(probe.wait(8) { $0.video.count + $0.pictures.count >= 45 }, "\(start): \(probe.summary)")
      #expect(probe.video.first?.isKey != false)
      probe.stop()
    }
  }

  /// A fast feed's tables may be far apart in bytes: its streams are known all the same.
  @Test func findsThePictureOfAFastFeed() throws {
    let clips = try Clips()
    let path = try clips.make(
      "fast.ts",
      "-f lavfi -i testsrc2=s=320x180:r=25:d=3 -f lavfi -i sine=440:r=48000:d=3 -ac 2 \(Self.h264) -g 12 -c:a aac"
        + " -muxrate 40M -pat_period 0.45 -f mpegts")
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let tables = stride(from: 0, to: bytes.count - 187, by: 188).filter {
      TSPacket(bytes.span, at: $0)?.pid == 4_096
    }
    let gap = try #require(zip(tables, tables.dropFirst()).first { $1 - $0 > 1_500_000 })
    let demuxer = try FeedDemuxer(
      transportStream: StoredBytes(bytes, from: gap.0 + 188), name: "fast", within: 10, isStopped: { false })
    #expect(demuxer.streams.map(\.codec) == ["h264", "aac"])
  }

  /// A feed of sound alone gets a picture in mid-air, by a new program map.
  @Test func takesThePictureThatItsMapNamesLater() throws {
    let clips = try Clips()
    let inputs = "-f lavfi -i testsrc2=s=320x180:r=25:d=4 -f lavfi -i sine=440:r=48000:d=4"
    func clip(_ name: String, _ arguments: String) throws -> [UInt8] {
      let path = try clips.make(name, "\(inputs) \(arguments) -ac 2 -c:a aac -muxrate 3M -f mpegts")
      return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    let heard = try clip("heard.ts", "-map 1:a -streamid 0:257")
    let seen = try clip(
      "seen.ts", "-map 0:v -map 1:a \(Self.h264) -g 25 -output_ts_offset 4 -tables_version 1")
    let place = try FeedPlace()
    let probe = try FeedProbe("udp://\(place)?localaddr=lo")
    send(heard + seen, to: place)
    // Sound from both: eight seconds are 375 frames.
    #expect(probe.wait(8) { $0.video.count >= 50 && $0.audio().count > 250 }, "\(probe.summary)")
    probe.stop()
    #expect(probe.video.first?.isKey == true)
  }

  @Test func knowsWhenAPlanIsOutdated() throws {
    func stream(_ index: Int, _ kind: StreamDescription.Kind, _ codec: String) -> StreamDescription {
      var stream = StreamDescription(index: index, kind: kind, codec: codec, timeBase: .ninetyKilohertz)
      if kind == .audio { (stream.sampleRate, stream.channels) = (48_000, 2) }
      return stream
    }
    let picture = stream(0, .video, "h264")
    let sound = stream(1, .audio, "aac")
    let house = FeedProbe.house
    let both = try RecordingPlan([picture, sound], house: house)
    #expect(!both.isOutdated([picture, sound], by: [picture, sound], mapped: nil))
    #expect(!both.isOutdated([picture, sound], by: [picture, sound], mapped: [0, 1]))
    // Another language or subtitles are nothing to begin anew for.
    let more = [picture, sound, stream(2, .audio, "ac3"), stream(3, .other, "dvb_subtitle")]
    #expect(!both.isOutdated([picture, sound], by: more, mapped: [0, 1, 2, 3]))
    // Gone, moved to another PID, or of another codec.
    #expect(both.isOutdated([picture, sound], by: [picture, sound], mapped: [1]))
    #expect(both.isOutdated([picture, sound], by: more, mapped: [0, 2]))
    #expect(both.isOutdated([picture, sound], by: [stream(0, .video, "hevc"), sound], mapped: [0, 1]))
    // Sound alone, at first.
    let mute = stream(0, .video, "none")
    for before in [[mute, sound], [mute, sound, stream(2, .other, "none")]] {
      let plan = try RecordingPlan(before, house: house)
      #expect(plan.video == .filler)
      #expect(!plan.isOutdated(before, by: before, mapped: nil))
      #expect(plan.isOutdated(before, by: [picture, sound], mapped: [0, 1]))
      #expect(plan.isOutdated(before, by: before + [stream(before.count, .video, "h264")], mapped: nil))
    }
    // A picture that was there and was left out does not count, nor one on the radio.
    let radio = try RecordingPlan([picture, sound], house: HouseFormat(video: nil, audio: house.audio))
    #expect(!radio.isOutdated([picture, sound], by: more, mapped: nil))
    let silent = try RecordingPlan([picture], house: house)
    #expect(silent.isOutdated([picture], by: [picture, sound], mapped: [0, 1]))
  }

  /// As libav dates three PES packets of four frames each when the first frame's length is unknown to it.
  @Test func datesTheFirstSound() {
    var description = StreamDescription(index: 0, kind: .audio, codec: "aac", timeBase: .ninetyKilohertz)
    description.sampleRate = 48_000
    func mended(_ packets: [(Int64, Int64)]) -> [Int64] {
      var stamps = SoundStamps(description)
      return packets.compactMap { stamps.correct($0.0, $0.1)?.pts }
    }
    let even = (0..<12).map { Int64($0) * 1_920 }
    let libav = [0, 0, 1_920, 3_840] + even[4...]
    #expect(mended(libav.enumerated().map { ($1, $0 == 0 ? 0 : 1_920) }) == even)
    // One frame to a PES packet, and frames whose length nobody ever says.
    #expect(mended(even.enumerated().map { ($1, $0 == 0 ? 0 : 1_920) }) == even)
    #expect(mended(even.map { ($0, 0) }) == even)
    // A hole stays one.
    let hole = even.map { $0 < 10_000 ? $0 : $0 + 90_000 }
    #expect(mended(hole.map { ($0, 1_920) }) == hole)
  }

  /// What comes, but is of no use, is told from nothing that comes.
  @Test func saysThatWhatComesIsOfNoUse() throws {
    let clips = try Clips()
    let clip = try FeedInputTests.stream(clips, seconds: 2)
    let null: [UInt8] = [0x47, 0x1F, 0xFF, 0x10] + [UInt8](repeating: 0xFF, count: 184)
    let (one, other) = (try FeedPlace(), try FeedPlace())
    let nulls = try FeedProbe("udp://\(one)?localaddr=lo")
    send(clip + (0..<9_000).flatMap { _ in null }, to: one)
    let noise = try FeedProbe("udp://\(other)?localaddr=lo")
    send(clip + [UInt8](repeating: 0x55, count: 1_316 * 1_500), to: other)
    #expect(nulls.wait(8) { $0.hasEnded }, "\(nulls.summary)")
    #expect(nulls.reason == "\(one): no picture or sound in what comes for 2 s")
    #expect(noise.wait(8) { $0.hasEnded }, "\(noise.summary)")
    #expect(noise.reason == "\(other): what comes is no transport stream, bare or in RTP")
    #expect(noise.video.count > 20)
  }
}
