import Foundation
import LibAV
import LinuxIO
import SyntheticTape
import Testing

@testable import Recorder

/// What a feed's server may try: to have files read, to have others asked, to keep us waiting.
@Suite(.serialized) struct HostileFeedTests {
  /// Opens and reads until it ends; the number of packets, and why it ended.
  private func read(
    _ url: String, port: Int, within seconds: Double = 5, kind: FeedDemuxer.Address.Kind = .http
  ) -> (packets: Int, error: FeedError?) {
    let address = FeedDemuxer.Address(
      url: url, host: "127.0.0.1", port: UInt16(port), shown: "127.0.0.1:\(port)", kind: kind)
    var packets = 0
    do {
      var demuxer = try FeedDemuxer(address, within: seconds) { false }
      var packet = try Packet()
      while try demuxer.read(into: &packet, within: seconds) { packets += 1 }
      return (packets, nil)
    } catch let error as FeedError {
      return (packets, error)
    } catch {
      Issue.record(error)
      return (packets, nil)
    }
  }

  private static func playlist(_ entries: String...) -> LocalServer.Reply {
    let lines = entries.map { "#EXTINF:2,\n\($0)\n" }.joined()
    return .body(
      Array("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n\(lines)#EXT-X-ENDLIST\n".utf8),
      type: "application/vnd.apple.mpegurl")
  }

  private static func clip() throws -> [UInt8] {
    let clips = try Clips()
    let path = try clips.make(
      "clip.ts", "\(Clips.picture) \(Clips.sound) \(Clips.h264) -g 25 -bf 0 -c:a aac -f mpegts")
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test func playsWhatIsHonest() async throws {
    let clip = try HostileFeedTests.clip()
    let server = try await LocalServer { path, _ in
      path.hasSuffix(".ts") ? .body(clip, type: "video/mp2t") : HostileFeedTests.playlist("a.ts", "b.ts")
    }
    let played = read("http://127.0.0.1:\(server.port)/live.m3u8", port: server.port)
    #expect(played.error == nil)
    #expect(played.packets > 100)
    let progressive = read("http://127.0.0.1:\(server.port)/live.ts", port: server.port)
    #expect(progressive.error == nil && progressive.packets > 50)
    await server.close()
  }

  @Test func opensNoFileAndNoOtherProtocol() async throws {
    let clips = try Clips()
    let file = try clips.make("secret.ts", "\(Clips.picture) \(Clips.h264) -f mpegts")
    for entry in [
      "file://\(file)", "file:\(file)", file, "concat:\(file)", "data:text/plain,secret",
      "subfile,,start,0,end,999,,:\(file)",
      "unix:\(file)", "pipe:0", "crypto:\(file)", "crypto+file://\(file)", "hls+file://\(file)", "async:\(file)",
      "cache:\(file)", "tcp://127.0.0.1:1", "udp://127.0.0.1:1", "ftp://127.0.0.1:1/a.ts", "rtp://127.0.0.1:1",
    ] {
      for playlist in [
        "#EXTINF:2,\n\(entry)\n", "#EXT-X-KEY:METHOD=AES-128,URI=\"\(entry)\"\n#EXTINF:2,\na.ts\n",
        "#EXT-X-MAP:URI=\"\(entry)\"\n#EXTINF:2,\na.ts\n", "#EXT-X-STREAM-INF:BANDWIDTH=9\n\(entry)\n",
      ] {
        let text = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n\(playlist)#EXT-X-ENDLIST\n"
        let server = try await LocalServer { path, _ in
          path == "/live.m3u8"
            ? .body(Array(text.utf8), type: "application/vnd.apple.mpegurl") : .status("404 Not Found")
        }
        let got = read("http://127.0.0.1:\(server.port)/live.m3u8", port: server.port)
        #expect(got.packets == 0, "\(playlist)")
        await server.close()
      }
    }
  }

  @Test func reachesNoOtherServiceOfThisMachine() async throws {
    let clip = try HostileFeedTests.clip()
    let secrets = try await LocalServer { _, _ in .body(clip, type: "video/mp2t") }
    let port = secrets.port
    for entry in [
      "http://127.0.0.1:\(port)/s.ts", "http://localhost:\(port)/s.ts", "http://0.0.0.0:\(port)/s.ts",
      "http://[::ffff:127.0.0.1]:\(port)/s.ts", "http://2130706433:\(port)/s.ts", "//127.0.0.1:\(port)/s.ts",
    ] {
      let server = try await LocalServer { path, _ in
        switch path {
        case "/live.m3u8": HostileFeedTests.playlist(entry)
        case "/key.m3u8":
          .body(
            Array(
              "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI=\"\(entry)\"\n#EXTINF:2,\nmoved.ts\n"
                .utf8),
            type: "application/vnd.apple.mpegurl")
        default: .status("302 Found", headers: ["Location: \(entry.hasPrefix("//") ? "http:" : "")\(entry)"])
        }
      }
      for path in ["live.m3u8", "key.m3u8", "moved.ts", "moved.m3u8"] {
        let got = read("http://127.0.0.1:\(server.port)/\(path)", port: server.port)
        #expect(got.packets == 0 && got.error != nil, "\(entry) by \(path)")
      }
      await server.close()
    }
    #expect(secrets.connections == 0)
    await secrets.close()
  }

  @Test func followsARedirectWithinItsOwnHost() async throws {
    let clip = try HostileFeedTests.clip()
    let server = try await LocalServer { path, _ in
      path == "/a.ts" ? .status("302 Found", headers: ["Location: /b.ts"]) : .body(clip, type: "video/mp2t")
    }
    let got = read("http://127.0.0.1:\(server.port)/a.ts", port: server.port)
    #expect(got.error == nil && got.packets > 50)
    let circle = try await LocalServer { path, _ in .status("302 Found", headers: ["Location: \(path)x"]) }
    #expect(read("http://127.0.0.1:\(circle.port)/a", port: circle.port).error != nil)
    #expect(circle.connections <= 6)
    await server.close()
    await circle.close()
  }

  @Test func followsNoReferralOfRTSP() async throws {
    let secrets = try await LocalServer { _, _ in .silence }
    let port = secrets.port
    let server = try await LocalServer { _, request in
      let number = request.split(separator: "\r\n").first { $0.hasPrefix("CSeq") } ?? "CSeq: 1"
      return .raw(Array("RTSP/1.0 302 Moved\r\n\(number)\r\nLocation: rtsp://127.0.0.1:\(port)/secret\r\n\r\n".utf8))
    }
    let got = read("rtsp://127.0.0.1:\(server.port)/live", port: server.port, kind: .rtsp)
    #expect(got.error != nil)
    #expect(server.connections > 0)
    #expect(secrets.connections == 0)
    await server.close()
    await secrets.close()
  }

  @Test func doesNotWaitForSilence() async throws {
    let server = try await LocalServer { _, _ in .silence }
    for (scheme, kind) in [
      ("http", FeedDemuxer.Address.Kind.http), ("https", .http), ("rtsp", .rtsp), ("rtsps", .rtsp),
    ] {
      let start = SteadyClock.now
      let got = read("\(scheme)://127.0.0.1:\(server.port)/a", port: server.port, within: 0.5, kind: kind)
      #expect(got.error?.cause == .late(0.5), "\(scheme): \(got.error.map { "\($0)" } ?? "")")
      #expect(SteadyClock.now - start < 1_500_000_000, "\(scheme)")
    }
    await server.close()
  }

  @Test func stopsWhenItIsTold() async throws {
    let server = try await LocalServer { _, _ in .silence }
    let start = SteadyClock.now
    let address = FeedDemuxer.Address(
      url: "http://127.0.0.1:\(server.port)/a", host: "127.0.0.1", port: UInt16(server.port), shown: "a", kind: .http)
    let error = #expect(throws: FeedError.self) {
      _ = try FeedDemuxer(address, within: 10) { SteadyClock.now - start > 200_000_000 }
    }
    #expect(error?.cause == .stopped)
    #expect(SteadyClock.now - start < 700_000_000)
    await server.close()
  }

  @Test func saysWhatIsWrong() async throws {
    let server = try await LocalServer { path, _ in
      switch path {
      case "/401": .status("401 Unauthorized", headers: ["WWW-Authenticate: Basic realm=\"a\""])
      case "/403": .status("403 Forbidden")
      case "/404": .status("404 Not Found")
      case "/500": .status("500 Internal Server Error")
      case "/garbage":
        .body((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }, type: "video/mp2t")
      case "/empty": .body([], type: "video/mp2t")
      default: .raw(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8))
      }
    }
    func words(_ path: String) -> String {
      read("http://user:secret@127.0.0.1:\(server.port)/\(path)", port: server.port).error.map { "\($0)" } ?? "nothing"
    }
    #expect(words("401").contains("401: needs user and password"))
    #expect(words("403").contains("403: forbidden"))
    #expect(words("404").contains("404: there is no such stream"))
    #expect(words("500").contains("5xx"))
    #expect(words("garbage").contains("is no stream"))
    #expect(!words("empty").isEmpty && words("empty") != "nothing")
    #expect(!words("other").isEmpty && words("other") != "nothing")
    for path in ["401", "404", "garbage", "other"] { #expect(!words(path).contains("secret")) }
    let port = server.port
    await server.close()
    let refused = read("http://127.0.0.1:\(port)/a", port: port).error
    #expect(refused.map { "\($0)" } == "127.0.0.1:\(port): connection refused")
    let unknown = FeedDemuxer.Address(
      url: "http://no-such-host.invalid/", host: "no-such-host.invalid", port: 80, shown: "no-such-host.invalid",
      kind: .http)
    let error = #expect(throws: FeedError.self) { _ = try FeedDemuxer(unknown, within: 5) { false } }
    #expect(error?.cause == .unknownHost)
  }
}
