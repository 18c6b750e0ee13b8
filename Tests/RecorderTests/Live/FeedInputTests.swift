import Foundation
import LibAV
import LinuxIO
import Tape
import Testing
import TransportStream

@testable import Recorder

/// Feeds of all kinds, from real senders on the loopback.
@Suite(.serialized) struct FeedInputTests {
  static let picture = "-re -f lavfi -i testsrc2=s=320x180:r=25"
  static let sound = "-re -f lavfi -i sine=440:r=48000 -ac 2"
  static let h264 = "-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 25"
  static let aac = "-c:a aac -b:a 96k"

  /// A constant-rate transport stream of so many seconds.
  static func stream(_ clips: Clips, seconds: Int, codecs: String = "\(h264) \(aac)") throws -> [UInt8] {
    let path = try clips.make(
      "feed.ts",
      "-f lavfi -i testsrc2=s=320x180:r=25:d=\(seconds) -f lavfi -i sine=440:r=48000:d=\(seconds) -ac 2 \(codecs)"
        + " -muxrate 3M -f mpegts")
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// What every copied feed must be: begins with a key picture, goes on in order, is what a decoder takes.
  func judge(_ probe: FeedProbe, _ clips: Clips, pictures: Int) throws {
    let video = probe.video
    #expect(video.count >= pictures, "\(probe.summary)")
    #expect(video.first?.isKey == true)
    #expect(zip(video, video.dropFirst()).allSatisfy { $0.dts < $1.dts })
    #expect(video.allSatisfy { $0.pts >= $0.dts })
    #expect(zip(video, video.dropFirst()).allSatisfy { abs($1.dts - $0.dts - 3_600) < 900 })
    let audio = probe.audio()
    let steps = zip(audio, audio.dropFirst()).map { $1.pts - $0.pts }
    let uneven = steps.enumerated().filter { abs($0.element - 1_920) >= 400 }.map { "\($0.offset): \($0.element)" }
    let units = audio.map { "\($0.pts) \($0.bytes.count) B \(($0.arrival - audio[0].arrival) / 1_000_000) ms" }
    #expect(uneven.isEmpty, "\(uneven) of \(steps.count): \(units)")
    // Together in time, and brought together.
    if let sound = audio.last, let shown = video.last { #expect(abs(sound.pts - shown.pts) < 45_000) }
    let path = clips.directory.path("copied.h264")
    try probe.write(video, to: path)
    #expect(try Clips.complaints(path, hasPicture: true, hasSound: false).isEmpty)
    if !audio.isEmpty {
      let path = clips.directory.path("copied.aac")
      try probe.write(audio, to: path)
      #expect(try Clips.complaints(path, hasPicture: false).isEmpty)
    }
  }

  @Test func copiesABareTransportStream() throws {
    let port = try FeedPlace.port()
    let clips = try Clips()
    let probe = try FeedProbe("udp://127.0.0.1:\(port)")
    let server = try FeedServer(
      ffmpeg: "\(FeedInputTests.picture) \(FeedInputTests.sound) \(FeedInputTests.h264) \(FeedInputTests.aac)"
        + " -f mpegts udp://127.0.0.1:\(port)?pkt_size=1316")
    #expect(probe.wait(10) { $0.video.count > 60 }, "\(probe.summary)")
    server.stop()
    #expect(probe.wait(4) { $0.hasEnded }, "\(probe.summary)")
    #expect(probe.reason == "127.0.0.1:\(port): no data for 2 s")
    try judge(probe, clips, pictures: 60)
  }

  @Test func copiesRTPFromAGroup() throws {
    let place = try FeedPlace()
    let clips = try Clips()
    let bytes = try FeedInputTests.stream(clips, seconds: 8)
    let probe = try FeedProbe("rtp://\(place.group):\(place.port)?localaddr=lo")
    let sent = try FeedSender(bytes: bytes, rate: 3_000_000, group: place.group, port: place.port).send()
    probe.stop()
    try judge(probe, clips, pictures: 120)
    // From the last of a picture's packets on the socket to its delivery.
    var ends: [Int64: Int64] = [:]
    var open: Int64?
    for index in 0..<(bytes.count / 188) where index < sent.count {
      let offset = index * 188
      guard let packet = TSPacket(bytes.span, at: offset), packet.pid == 256 else { continue }
      if packet.payloadUnitStart,
        let header = PESHeader(bytes.span, at: offset + packet.payloadOffset, end: offset + 188)
      {
        open = (header.dts ?? header.pts).map { Int64($0) }
      }
      if let open { ends[open] = sent[index] }
    }
    let delays = probe.video.compactMap { unit in ends[unit.dts].map { unit.arrival - $0 } }.sorted()
    try #require(delays.count > 100)
    let (middle, most) = (delays[delays.count / 2] / 1_000_000, delays[delays.count * 99 / 100] / 1_000_000)
    print("RTP/TS: last packet of a picture to its delivery: p50 \(middle) ms, p99 \(most) ms of \(delays.count)")
    #expect(middle < 150 && most < 250)
  }

  @Test func copiesRTSP() throws {
    let clips = try Clips()
    let (server, port) = try FeedServer.rtsp(
      "( videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 ! x264enc"
        + " tune=zerolatency speed-preset=ultrafast key-int-max=50 ! h264parse ! rtph264pay name=pay0 pt=96"
        + " audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! rtpmp4gpay name=pay1 pt=97 )")
    let start = SteadyClock.now
    let probe = try FeedProbe("rtsp://127.0.0.1:\(port)/live")
    #expect(probe.wait(8) { !$0.video.isEmpty }, "\(probe.summary)")
    print("RTSP: first picture after \((SteadyClock.now - start) / 1_000_000) ms")
    #expect(probe.wait(8) { $0.video.count > 75 }, "\(probe.summary)")
    let wrong = try FeedProbe("rtsp://127.0.0.1:\(port)/nothing")
    #expect(wrong.wait(4) { $0.hasEnded })
    #expect(wrong.reason == "127.0.0.1:\(port): 404: there is no such stream")
    server.stop()
    #expect(probe.wait(4) { $0.hasEnded }, "\(probe.summary)")
    #expect(probe.reason?.hasPrefix("127.0.0.1:\(port): ") == true)
    print("RTSP ends: \(probe.reason ?? "")")
    try judge(probe, clips, pictures: 70)
    let gone = try FeedProbe("rtsp://127.0.0.1:\(port)/live")
    #expect(gone.wait(4) { $0.hasEnded })
    #expect(gone.reason == "127.0.0.1:\(port): connection refused")
  }

  @Test func copiesSRT() throws {
    let port = try FeedPlace.port()
    let clips = try Clips()
    let server = try FeedServer(
      ffmpeg: "\(FeedInputTests.picture) \(FeedInputTests.sound) \(FeedInputTests.h264) \(FeedInputTests.aac)"
        + " -f mpegts srt://127.0.0.1:\(port)?mode=listener&passphrase=0123456789&pkt_size=1316")
    SteadyClock.sleep(until: SteadyClock.now + 500_000_000)
    let probe = try FeedProbe("srt://127.0.0.1:\(port)?passphrase=0123456789&latency=80")
    #expect(probe.wait(10) { $0.video.count > 60 }, "\(probe.summary)")
    server.stop()
    #expect(probe.wait(4) { $0.hasEnded }, "\(probe.summary)")
    #expect(probe.reason?.contains("0123456789") == false)
    print("SRT ends: \(probe.reason ?? "")")
    try judge(probe, clips, pictures: 50)
    let nobody = try FeedProbe("srt://127.0.0.1:\(port)")
    #expect(nobody.wait(6) { $0.hasEnded })
    print("SRT to nobody: \(nobody.reason ?? "")")
  }

  @Test func playsHLSInRealTime() async throws {
    let clips = try Clips()
    let list = try clips.make(
      "live.m3u8",
      "\(Clips.picture.replacing("d=2", with: "d=8")) \(Clips.sound.replacing("d=2", with: "d=8")) -ac 2"
        + " \(Clips.h264) -g 25 -bf 0 -c:a aac -f hls -hls_time 1 -hls_list_size 0")
    let folder = (list as NSString).deletingLastPathComponent
    let server = try await LocalServer { path, _ in
      guard let data = FileManager.default.contents(atPath: folder + path) else { return .status("404 Not Found") }
      return .body(Array(data), type: path.hasSuffix("m3u8") ? "application/vnd.apple.mpegurl" : "video/mp2t")
    }
    let start = SteadyClock.now
    let probe = try FeedProbe("http://127.0.0.1:\(server.port)/live.m3u8")
    #expect(probe.wait(12) { $0.hasEnded }, "\(probe.summary)")
    #expect(probe.reason == "127.0.0.1:\(server.port): it has ended")
    let took = Double(SteadyClock.now - start) / 1e9
    #expect(took > 5 && took < 9.5)
    try judge(probe, clips, pictures: 120)
    // Let go as it is to be shown, not as it was fetched.
    let video = probe.video
    if let first = video.first {
      for unit in video {
        let due = first.arrival + (unit.dts - first.dts) * 100_000 / 9
        #expect(abs(unit.arrival - due) < 200_000_000)
      }
    }
    await server.close()
  }

  @Test func encodesWhatTheHouseDoesNotSpeak() throws {
    let port = try FeedPlace.port()
    let probe = try FeedProbe("udp://127.0.0.1:\(port)")
    let server = try FeedServer(
      ffmpeg: "\(FeedInputTests.picture) \(FeedInputTests.sound) -c:v mpeg4 -g 12 -c:a mp2 -f mpegts"
        + " udp://127.0.0.1:\(port)?pkt_size=1316")
    #expect(probe.wait(10) { $0.pictures.count > 50 && $0.sounds.count > 50 }, "\(probe.summary)")
    probe.stop()
    server.stop()
    #expect(probe.units.isEmpty)
    // By the feed's own time, not as the network brought them.
    let pictures = probe.pictures.dropFirst(25)
    #expect(zip(pictures, pictures.dropFirst()).allSatisfy { abs($1 - $0 - 3_600) < 900 })
  }

  @Test func encodesSoundAloneBesideCopiedPictures() throws {
    let port = try FeedPlace.port()
    let clips = try Clips()
    let probe = try FeedProbe("udp://127.0.0.1:\(port)")
    let server = try FeedServer(
      ffmpeg: "\(FeedInputTests.picture) \(FeedInputTests.sound) \(FeedInputTests.h264) -c:a mp2 -f mpegts"
        + " udp://127.0.0.1:\(port)?pkt_size=1316")
    #expect(probe.wait(10) { $0.video.count > 60 && $0.audio().count > 60 }, "\(probe.summary)")
    probe.stop()
    server.stop()
    try judge(probe, clips, pictures: 60)
  }

  @Test func takesPicturesAlone() throws {
    let port = try FeedPlace.port()
    let clips = try Clips()
    let probe = try FeedProbe("udp://127.0.0.1:\(port)")
    let server = try FeedServer(
      ffmpeg: "\(FeedInputTests.picture) \(FeedInputTests.h264) -f mpegts udp://127.0.0.1:\(port)?pkt_size=1316")
    #expect(probe.wait(10) { $0.video.count > 60 }, "\(probe.summary)")
    probe.stop()
    server.stop()
    try judge(probe, clips, pictures: 60)
    #expect(probe.audio().isEmpty)
  }

  @Test func takesSoundAlone() throws {
    for house in [FeedProbe.house, HouseFormat(video: nil, audio: FeedProbe.house.audio)] {
      let port = try FeedPlace.port()
      let probe = try FeedProbe("udp://127.0.0.1:\(port)", house: house)
      let server = try FeedServer(
        ffmpeg: "\(FeedInputTests.sound) \(FeedInputTests.aac) -f mpegts udp://127.0.0.1:\(port)?pkt_size=1316")
      #expect(probe.wait(10) { $0.audio().count > 60 }, "\(probe.summary)")
      probe.stop()
      server.stop()
      #expect(probe.video.isEmpty)
    }
  }

  @Test func goesOnWhereItsClockBeginsAgain() throws {
    let place = try FeedPlace()
    let clips = try Clips()
    // 33 bits are 95443.7 s.
    let path = try clips.make(
      "wrap.ts",
      "-f lavfi -i testsrc2=s=320x180:r=25:d=8 -f lavfi -i sine=440:r=48000:d=8 -ac 2 \(FeedInputTests.h264)"
        + " \(FeedInputTests.aac) -output_ts_offset 95438 -muxrate 3M -f mpegts")
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    let probe = try FeedProbe("udp://\(place.group):\(place.port)?localaddr=lo")
    _ = try FeedSender(bytes: bytes, rate: 3_000_000, group: place.group, port: place.port, isRTP: false).send()
    probe.stop()
    try judge(probe, clips, pictures: 120)
    // libav may count from before zero, or beyond 33 bits.
    #expect((probe.video.first?.dts ?? 0) < 0 || (probe.video.last?.dts ?? 0) > 1 << 33)
    var clock = FeedClock()
    let period: Int64 = 1 << 33
    let times: [Int64] = [period - 3_600, 0, 3_600, period - 1]
    let counts = times.map { clock.unwrap($0) }
    let expected: [Int64] = [period - 3_600, period, period + 3_600, period - 1]
    #expect(counts == expected)
  }

  @Test func saysThatNothingComes() async throws {
    let silent = try await LocalServer { _, _ in .silence }
    let clip = try FeedInputTests.stream(try Clips(), seconds: 2)
    let dying = try await LocalServer { path, _ in
      .stream([Array(clip.prefix(200_000))], type: "video/mp2t", every: 100, holds: path == "/held")
    }
    let held = try FeedProbe("http://127.0.0.1:\(dying.port)/held")
    let died = try FeedProbe("http://127.0.0.1:\(dying.port)/died")
    #expect(died.wait(5) { $0.hasEnded })
    #expect(
      ["it has ended", "the connection failed"].map { "127.0.0.1:\(dying.port): \($0)" }.contains(died.reason))
    #expect(held.wait(8) { $0.hasEnded })
    #expect(held.reason == "127.0.0.1:\(dying.port): no data for 5 s")
    let port = try FeedPlace.port()
    let garbage = try FeedProbe("udp://127.0.0.1:\(port)")
    let noise = try FeedServer(ffmpeg: "-re -f lavfi -i sine -c:a pcm_s16le -f s16le udp://127.0.0.1:\(port)")
    #expect(garbage.wait(8) { $0.hasEnded })
    #expect(garbage.reason == "127.0.0.1:\(port): what comes is no transport stream, bare or in RTP")
    #expect(garbage.units.isEmpty, "\(garbage.summary)")
    noise.stop()
    await silent.close()
    await dying.close()
  }
}
