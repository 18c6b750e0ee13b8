import LibAV
import Tape
import TransportStream

/// What a live station's streams are: decided by the house format and its encoders, before any source is there.
struct LiveFormat {
  let house: HouseFormat
  /// As tapes of the same format have it, so that players see no change between a tape and the ring.
  let map: Section

  /// H.264 and one AAC track: for stations whose configuration names no format.
  static let usual = HouseFormat(
    video: .init(codec: "h264"), audio: [.init(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 2)])

  init(_ house: HouseFormat) throws {
    self.house = house
    var streams: [StreamParameters] = []
    if let video = house.video {
      let settings = LivePictures.Shape(width: 1280, height: 720, rate: 25)
      let encoder = try LivePictures.encoder(video.codec, settings, bitrate: 1_000_000)
      streams.append(StreamParameters(try encoder.parameters(), language: nil))
    }
    for audio in house.audio {
      let settings = SoundSettings(audio)
      try settings.confirmEncodable()
      let encoder = try SoundEncoder(settings, for: FilterGraph(.audio, generating: settings.silence))
      streams.append(StreamParameters(try encoder.parameters(), language: audio.language))
    }
    guard !streams.isEmpty else { throw RecorderError(.configuration, "the house format has no streams") }
    var muxer = try TSMuxer(TSMuxer.Settings(rate: 10_000_000, leadIn: 100_000, pcrPeriod: 20, pmtPID: PID.pmt))
    for (index, stream) in streams.enumerated() {
      let first = house.video == nil ? PID.firstAudio : PID.video
      try muxer.add(stream.codec, pid: first + UInt16(index), language: stream.language)
    }
    try muxer.start()
    let filler: [UInt8] = [0xFF, 0xF1, 0, 0, 0, 0, 0, 0]
    try muxer.write(filler.span, stream: streams.count - 1, pts: 9_000, dts: 9_000, isKey: true)
    var found: Section?
    muxer.drain { packets in
      for at in stride(from: 0, to: packets.count - TSPacket.size + 1, by: TSPacket.size) where found == nil {
        if TSPacket(packets, at: at)?.pid == PID.pmt { found = Section(packet: packets, at: at) }
      }
    }
    guard let map = found else { throw RecorderError(.internal, "the muxer wrote no program map") }
    self.map = map
  }

  /// The stream_id of a codec's PES packets.
  static func streamID(_ codec: String) -> UInt8 {
    switch codec {
    case "aac", "mp2", "mp3", "mp1": 0xC0
    case "ac3", "eac3": 0xBD
    default: 0xE0
    }
  }
}
