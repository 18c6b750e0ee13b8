import Foundation
import LibAV
import LinuxIO
import Synchronization
import Tape
import Testing

@testable import Recorder

/// A feed on a thread of its own, and what it has delivered.
final class FeedProbe: Sendable {
  static let house = HouseFormat(
    video: .init(codec: "h264"), audio: [.init(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 2)])

  private struct State: Sendable {
    var units: [LiveUnit] = []
    var pictures: [Int64] = []
    var sounds: [Int64] = []
    var error: RecorderError?
    var hasEnded = false
  }

  private let sink: LiveSink
  private let input: FeedInput
  private let state = Mutex(State())

  init(_ url: String, house: HouseFormat = FeedProbe.house) throws {
    LibAV.setLogging(false)
    input = try FeedInput(LiveSource.Feed(url: url), house: house)
    sink = LiveSink(wake: try WakeUp())
    start()
  }

  /// Runs the feed, once more if it has been run before.
  func start() {
    state.withLock { $0.hasEnded = false }
    let thread = Thread { [self] in
      var failure: RecorderError?
      do {
        try input.run(into: sink)
      } catch {
        failure = RecorderError(wrapping: error)
      }
      look()
      state.withLock { state in
        state.error = failure
        state.hasEnded = true
      }
    }
    thread.start()
  }

  private func look() {
    let events = sink.take().events
    state.withLock { state in
      for event in events {
        switch event {
        case .unit(let unit): state.units.append(unit)
        case .picture(_, .stamped(let pts, _)): state.pictures.append(pts)
        case .sound(_, .stamped(let pts, _)): state.sounds.append(pts)
        case .picture, .sound: Issue.record("a feed goes by its own clock")
        case .ended: break
        }
      }
    }
  }

  /// What has come of it, for the one who looks why a test failed.
  var summary: String {
    "\(video.count) pictures, \(audio().count) sounds, \(pictures.count) and \(sounds.count) frames; \(reason ?? "goes on")"
  }

  /// Waits until `condition` holds; whether it does within so many seconds.
  @discardableResult
  func wait(_ seconds: Double, _ condition: (FeedProbe) -> Bool) -> Bool {
    let end = SteadyClock.now + Int64(seconds * 1e9)
    while SteadyClock.now < end {
      look()
      if condition(self) { return true }
      SteadyClock.sleep(until: SteadyClock.now + 10_000_000)
    }
    look()
    return condition(self)
  }

  /// Has it stop, and waits for that.
  func stop() {
    sink.stop()
    _ = wait(2) { $0.hasEnded }
  }

  var units: [LiveUnit] { state.withLock { $0.units } }
  var video: [LiveUnit] { units.filter { $0.stream == .video } }
  func audio(_ track: Int = 0) -> [LiveUnit] { units.filter { $0.stream == .audio(track) } }
  var pictures: [Int64] { state.withLock { $0.pictures } }
  var sounds: [Int64] { state.withLock { $0.sounds } }
  var hasEnded: Bool { state.withLock { $0.hasEnded } }
  /// Why it has ended.
  var reason: String? { state.withLock { $0.error?.description } }

  /// All units written down one after the other, for a judge: video alone, or one track of sound.
  func write(_ units: [LiveUnit], to path: String) throws {
    try Data(units.flatMap(\.bytes)).write(to: URL(fileURLWithPath: path))
  }
}

/// A program that serves a feed while the test lasts.
final class FeedServer {
  private let process = Process()
  private let output = Pipe()

  init(_ tool: String, _ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  /// ffmpeg with these arguments and an output; whatever becomes of the test, it does not outlive it by much.
  convenience init(ffmpeg arguments: String) throws {
    let words = arguments.split(separator: " ").map(String.init)
    try self.init("ffmpeg", ["-nostdin", "-v", "error"] + words.dropLast() + ["-t", "40"] + words.suffix(1))
  }

  /// The first line it prints.
  func line() -> String {
    var bytes: [UInt8] = []
    while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != 10 { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  func stop() {
    // Threads that tests run on block the signals that ask politely, and what they start inherits that.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// An RTSP server with a stream at /live by GStreamer's server library, and the port it chose. In Python, because
  /// there is no program for it.
  static func rtsp(_ launch: String) throws -> (server: FeedServer, port: Int) {
    let script = """
      import gi, sys
      gi.require_version("Gst", "1.0")
      gi.require_version("GstRtspServer", "1.0")
      from gi.repository import Gst, GstRtspServer, GLib
      Gst.init(None)
      server = GstRtspServer.RTSPServer()
      server.set_address("127.0.0.1")
      server.set_service("0")
      factory = GstRtspServer.RTSPMediaFactory()
      factory.set_launch(sys.argv[1])
      factory.set_shared(True)
      server.get_mount_points().add_factory("/live", factory)
      server.attach(None)
      print(server.get_bound_port(), flush=True)
      GLib.timeout_add_seconds(40, sys.exit)
      GLib.MainLoop().run()
      """
    let server = try FeedServer("/usr/bin/python3", ["-c", script, launch])
    return (server, try #require(Int(server.line())))
  }
}

/// Sends a transport stream of constant rate to a group on the loopback, datagram by datagram, and notes when each left.
struct FeedSender {
  let bytes: [UInt8]
  let rate: Int
  let group: String
  let port: UInt16
  var isRTP = true

  /// Sends all of it; when each of its packets left, steady nanoseconds.
  func send() throws -> [Int64] {
    var sender = try MulticastSender(interface: NetworkInterface("lo"), ttl: 1, dscp: 0, capacity: 2)
    let destination = try #require(Destination(group: group, port: port))
    var sent: [Int64] = []
    // Who joins later misses the first key frame, and may make up its mind before the next one.
    try #require(isJoined(within: 5), "nobody has joined \(group)")
    let start = SteadyClock.now
    var sequence: UInt16 = 65_530
    for first in stride(from: 0, to: bytes.count - 1_315, by: 1_316) {
      SteadyClock.sleep(until: start + Int64(Double(first) * 8e9 / Double(rate)))
      _ = sender.append(to: destination) { span in
        let header: [UInt8] =
          isRTP ? [0x80, 33, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 0, 0, 0, 0, 1, 2, 3, 4] : []
        for index in header.indices { span[index] = header[index] }
        for index in 0..<1_316 { span[header.count + index] = bytes[first + index] }
        return header.count + 1_316
      }
      sequence &+= 1
      _ = sender.flush()
      for _ in 0..<7 { sent.append(SteadyClock.now) }
    }
    return sent
  }

  /// Whether this host has joined the group, by the kernel's own list.
  private func isJoined(within seconds: Int64) -> Bool {
    let parts = group.split(separator: ".").compactMap { UInt32($0) }
    let digits = String(parts.reversed().reduce(0) { $0 << 8 | $1 }, radix: 16, uppercase: true)
    let limit = SteadyClock.now + seconds * 1_000_000_000
    while SteadyClock.now < limit {
      let list = try? String(contentsOfFile: "/proc/net/igmp", encoding: .utf8)
      if list?.contains(digits) == true { return true }
      SteadyClock.sleep(until: SteadyClock.now + 10_000_000)
    }
    return false
  }
}
