import Foundation
import LibAV
import Playout
import SyntheticTape
import Tape
import Testing
import TransportStream

@testable import Recorder

/// Clips and tapes of one test, in a directory of its own.
struct Clips {
  let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    LibAV.setLogging(false)
  }

  static let picture = "-f lavfi -i testsrc2=s=320x180:r=25:d=2"
  static let sound = "-f lavfi -i sine=440:r=48000:d=2"
  static let h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"

  /// Makes a clip by the arguments of an ffmpeg command line.
  func make(_ name: String, _ arguments: String) throws -> String {
    let path = directory.path(name)
    try Clips.run("ffmpeg", "-nostdin -v error -y \(arguments)".split(separator: " ").map(String.init) + [path])
    return path
  }

  /// Records a clip; returns the tape, read and verified.
  func record(
    _ clip: String, house: HouseFormat? = nil, bitrate: Int? = nil, as name: String = "tape"
  ) throws -> Tape {
    let path = directory.path("\(name).ts")
    let recording = Recording(
      input: clip, output: path, house: house, bitrate: bitrate, card: "Quay: 50 %", progress: Progress(.none))
    _ = try recording.run()
    return try Tape(path: path, verify: true)
  }

  /// Plays tapes out in turn, whole programmes of them, into a file; returns it and what a checker has to say of it.
  func air(_ tapes: [Tape], programmes: Int) throws -> (path: String, faults: [String]) {
    let identity = StationIdentity(number: 1, name: "Quay", provider: "Harbour", transportStreamID: 1)
    let station = try #require(Station(identity: identity, eras: [try Era(EraRecord.always(tapes), tapes: tapes)]))
    return try air(station, programmes: programmes)
  }

  /// The same of a station, from the end of the programme on at a date.
  func air(
    _ station: Station, after date: Ticks = .seconds(1_800_000_000), programmes: Int
  ) throws -> (path: String, faults: [String]) {
    let start = station.onAir(at: date).end
    let end = (0..<programmes).reduce(start) { date, _ in station.onAir(at: date).end }
    var checker = StreamChecker()
    var cursor = station.cursor(at: station.index(at: start))
    var air = Data()
    var bytes = [UInt8](repeating: 0, count: 1_316)
    while cursor.date < end {
      var span = bytes.mutableSpan
      let count = cursor.write(into: &span)
      _ = checker.check(bytes.span.extracting(0..<count), arrival: cursor.date)
      air.append(contentsOf: bytes.prefix(count))
      cursor.advance()
    }
    let path = directory.path("air.ts")
    try air.write(to: URL(fileURLWithPath: path))
    return (path, checker.report().faults)
  }

  /// What ffprobe says of each stream: "codec,width,height,sample_rate,channels,language".
  static func streams(_ path: String) throws -> [String] {
    let text = try run(
      "ffprobe",
      ["-v", "error", "-of", "csv=p=0", "-show_entries"]
        + ["program_stream=codec_name,width,height,sample_rate,channels:program_stream_tags=language", path])
    return text.split(separator: "\n").map(String.init)
  }

  /// What a decoder has to complain of; nothing, if all is well.
  static func complaints(_ path: String, hasPicture: Bool = true, hasSound: Bool = true) throws -> String {
    try run(
      "ffmpeg",
      ["-nostdin", "-v", "error", "-i", path] + (hasPicture ? ["-map", "0:v"] : [])
        + (hasSound ? ["-map", "0:a"] : []) + [
          "-fps_mode", "passthrough", "-enc_time_base:v", "1:90000", "-f", "null", "-",
        ])
  }

  struct ToolFailed: Error { let line: String }

  @discardableResult
  static func run(_ tool: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ToolFailed(line: "\(tool) \(arguments.joined(separator: " ")): \(output)")
    }
    return output
  }
}

extension Tape {
  /// Every PES header on the tape: its PID, PTS and DTS (90 kHz).
  var stamps: [(pid: UInt16, pts: Int64, dts: Int64)] {
    var stamps: [(pid: UInt16, pts: Int64, dts: Int64)] = []
    var bytes = [UInt8](repeating: 0, count: 1_316)
    for number in 0..<datagramCount {
      var span = bytes.mutableSpan
      let count = copy(number, to: &span)
      for offset in stride(from: 0, to: count, by: 188) {
        guard let packet = TSPacket(bytes.span, at: offset), packet.payloadUnitStart,
          let header = PESHeader(bytes.span, at: offset + packet.payloadOffset, end: offset + 188),
          let pts = header.pts
        else { continue }
        stamps.append((packet.pid, Int64(pts), Int64(header.dts ?? pts)))
      }
    }
    return stamps
  }

  /// The programme's length, 90 kHz.
  var length: Int64 { info.duration.count / 300 }
}
