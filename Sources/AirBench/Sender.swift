/// What sends stations.
enum Sender: String, Codable, CaseIterable {
  case stationd
  case multicat
  /// With a real-time priority, as stationd's transmitter has.
  case multicatRealTime
  case ffmpeg
  /// Padded to a constant rate, which ffmpeg then keeps.
  case ffmpegConstant

  /// As tables and legends call it.
  var name: String {
    switch self {
    case .stationd: "stationd"
    case .multicat: "multicat"
    case .multicatRealTime: "multicat -i"
    case .ffmpeg: "ffmpeg"
    case .ffmpegConstant: "ffmpeg -muxrate"
    }
  }

  /// The command that sends one station, for those that take a process for each; nil for stationd.
  func command(station: Int, clips: Clips) -> [String]? {
    let group = "\(Lab.group(station)):\(Lab.port)"
    let stream = clips.streams[station % clips.streams.count]
    let film = ["-re", "-stream_loop", "-1", "-i", clips.films[station % clips.films.count]]
    let copy = ["-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", "-f", "mpegts"]
    let ffmpeg = ["ffmpeg", "-nostdin", "-nostats", "-v", "error"] + film + ["-t", "120"] + copy
    let way = "pkt_size=1316&localaddr=\(Lab.senderAddress)&ttl=1"
    let multicat = ["-U", "-t", "1", stream, "\(group)/ifaddr=\(Lab.senderAddress)"]
    return switch self {
    case .stationd: nil
    case .multicat: ["multicat"] + multicat
    case .multicatRealTime: ["multicat", "-i", "50"] + multicat
    case .ffmpeg: ffmpeg + ["udp://\(group)?\(way)"]
    case .ffmpegConstant: ffmpeg + ["-muxrate", "\(clips.rate)", "udp://\(group)?\(way)&bitrate=\(clips.rate)"]
    }
  }
}
