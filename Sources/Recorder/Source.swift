import LibAV

/// The first pass: reads the source once, from end to end, and hands each packet to whoever records its stream.
final class Source {
  private var demuxer: Demuxer
  private let plan: RecordingPlan
  /// Nil on a radio station, or when the card is shown.
  let picture: (any TrackRecorder)?
  /// How long a picture lasts where nothing tells, 90 kHz.
  let usualPicture: Int64
  /// Pictures are repeated where the source shows one for long.
  let fillsPauses: Bool
  /// For each of the house's tracks; nil where silence is played.
  let sound: [(any TrackRecorder)?]
  /// Samples in a frame of each of these; 0 where the container does not know.
  let frames: [Int]

  /// Unreadable places in a row that a file may have before it counts as ending there.
  private static let mostErrors = 100

  init(_ demuxer: consuming Demuxer, plan: RecordingPlan, bitrate: Int?, fillsPauses: Bool) throws {
    var rate = 25.0
    switch plan.video {
    case .copy(let index), .transcode(let index): rate = demuxer.streams[index].frameRate.value ?? rate
    case .filler, nil: break
    }
    usualPicture = Int64((Double(HouseTime.perSecond) / min(max(rate, 1), 1000)).rounded())
    switch plan.video {
    case .copy(let index):
      picture = try PictureCopier(demuxer.streams[index], demuxer.parameters(of: index))
    case .transcode(let index):
      let codec = plan.house.video?.codec ?? "h264"
      picture = try Source.ifDecodable {
        try PictureTranscoder(
          demuxer.streams[index], demuxer.parameters(of: index),
          PictureSettings(codec: codec, bitrate: bitrate, house: plan.house, fillsPauses: fillsPauses))
      }
    case .filler, nil: picture = nil
    }
    var sound: [(any TrackRecorder)?] = []
    for (wanted, track) in zip(plan.house.audio, plan.audio) {
      switch track {
      case .copy(let index):
        sound.append(try SoundCopier(demuxer.streams[index], demuxer.parameters(of: index)))
      case .transcode(let index):
        sound.append(
          try Source.ifDecodable {
            try SoundTranscoder(demuxer.streams[index], demuxer.parameters(of: index), SoundSettings(wanted))
          })
      case .filler: sound.append(nil)
      }
    }
    self.sound = sound
    self.fillsPauses = fillsPauses
    frames = plan.audio.map { track in
      guard case .copy(let index) = track else { return 0 }
      return demuxer.streams[index].frameSize
    }
    self.plan = plan
    self.demuxer = demuxer
  }

  /// Nil for a stream that no decoder takes: a filler stands in for it.
  private static func ifDecodable<Recorder: TrackRecorder>(_ make: () throws -> Recorder) throws -> Recorder? {
    do {
      return try make()
    } catch let error as LibAVError where error.operation == "decode" {
      return nil
    }
  }

  /// Packets that were damaged and left out.
  var skipped: Int { recorders.reduce(0) { $0 + $1.skipped } }

  private var recorders: [any TrackRecorder] { (picture.map { [$0] } ?? []) + sound.compactMap { $0 } }

  func record(into spool: inout Spool, _ progress: Progress) throws {
    let recorders = recorders
    let streams = demuxer.streams
    let length = demuxer.duration
    demuxer.use(only: Set(recorders.map(\.streamIndex)))
    var clock = SourceClock(mayJump: demuxer.mayJump)
    var packet = try Packet()
    var errors = 0
    while true {
      do {
        guard try demuxer.read(into: &packet) else { break }
      } catch {
        // What lies behind a damaged place may be sound; but a disk that fails stays so.
        errors += 1
        if errors > Source.mostErrors { break }
        continue
      }
      errors = 0
      guard streams.indices.contains(packet.streamIndex) else { continue }
      clock.correct(&packet, streams[packet.streamIndex])
      // Before anyone fills such a length with silence.
      guard clock.position <= Double(HouseTime.longest / HouseTime.perSecond) else {
        throw RecorderError(
          .badMedia, "it claims to last for more than \(HouseTime.longest / HouseTime.perSecond / 3_600) hours")
      }
      for recorder in recorders where recorder.streamIndex == packet.streamIndex {
        try recorder.record(packet, &spool)
      }
      progress.read(clock.position, of: length)
    }
    // Half a programme that a better moment would read whole is not worth keeping.
    if let failure = demuxer.failure { throw RecorderError(.inputOutput, failure.description) }
    for recorder in recorders { try recorder.finish(&spool) }
  }
}
