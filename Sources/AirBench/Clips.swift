import FoundationEssentials
import LinuxIO

/// What all senders send: the same few clips, again and again. Made once and kept.
struct Clips {
  /// H.264 and AAC, about 4.1 Mb/s.
  let films: [String]
  /// The same as transport streams of a constant rate, with multicat's table of dates beside each.
  let streams: [String]
  /// Bits a second of those.
  let rate: Int

  private static let count = 8
  private static let seconds = 30

  /// - Parameters:
  ///   - directory: where they are kept.
  ///   - given: the user's own instead, or none.
  init(in directory: String, given: [String], _ stop: Stop) throws {
    let files = FileManager.default
    try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
    films = try given.isEmpty ? (1...Self.count).map { try Self.film($0, in: directory, stop) } : given
    let rates = try films.map { try Self.bitrate(of: $0, stop) }
    // The packets' headers, PES headers and tables take about 5 %; a whole 100 kb/s.
    let rate = (Int(Double(rates.max() ?? 0) * 1.07) / 100_000 + 1) * 100_000
    self.rate = rate
    let kept = given.isEmpty ? directory : "\(directory)/given"
    try files.createDirectory(atPath: kept, withIntermediateDirectories: true)
    streams = try films.enumerated().map { index, film in
      let stream = "\(kept)/stream\(index + 1)-\(rate / 1000)k.ts"
      if given.isEmpty, files.fileExists(atPath: stream) { return stream }
      // multicat plays a file once: long enough for any trial.
      let part = "\(kept)/part.ts"
      let copy = ["-stream_loop", "-1", "-i", film, "-t", "60", "-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy"]
      let mux = ["-muxrate", "\(rate)", part]
      try Tool.run(["ffmpeg", "-nostdin", "-v", "error", "-y"] + copy + mux, seconds: 60, stop)
      try Tool.run(["ingests", "-p", "8192", part], seconds: 60, stop)
      for end in ["aux", "ts"] {
        let target = "\(stream.dropLast(2))\(end)"
        try? files.removeItem(atPath: target)
        try files.moveItem(atPath: "\(kept)/part.\(end)", toPath: target)
      }
      return stream
    }
  }

  /// A tone, and a picture with as much noise in it as a constant 4 Mb/s holds, most of it standing still, so that key
  /// frames are nine times as large as others, as they are in films.
  private static func film(_ number: Int, in directory: String, _ stop: Stop) throws -> String {
    let film = "\(directory)/film\(number).mp4"
    guard !FileManager.default.fileExists(atPath: film) else { return film }
    say("   making \(film)")
    let noise = "noise=alls=7:all_seed=\(number),noise=alls=4:allf=t"
    let picture = "testsrc2=size=1280x720:rate=25,hue=h=\(number * 45),\(noise)"
    let encoder = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "50", "-bf", "0"]
    let constant = ["-b:v", "3900k", "-maxrate", "3900k", "-bufsize", "2M", "-x264-params", "nal-hrd=cbr"]
    let sound = ["-f", "lavfi", "-i", "sine=frequency=\(220 + 55 * number):sample_rate=48000"]
    let part = "\(directory)/part.mp4"
    try Tool.run(
      ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture] + sound + ["-t", "\(seconds)"] + encoder
        + constant + ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+faststart", part],
      seconds: 300, stop)
    try FileManager.default.moveItem(atPath: part, toPath: film)
    return film
  }

  private static func bitrate(of film: String, _ stop: Stop) throws -> Int {
    let text = try Tool.run(
      ["ffprobe", "-v", "error", "-show_entries", "format=bit_rate", "-of", "csv=p=0", film], stop)
    guard let rate = Int(text.prefix { $0.isNumber }), rate > 0 else {
      throw ToolError(description: "\(film) has no bit rate: give a film with one")
    }
    return rate
  }
}
