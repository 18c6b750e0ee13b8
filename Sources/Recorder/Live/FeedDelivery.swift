import LibAV
import LinuxIO
import Tape

/// What becomes of a feed's packets.
protocol FeedDelivery: AnyObject {
  /// The feed's streams that are of use.
  var wanted: Set<Int> { get }
  /// Whether pictures are among them.
  var hasPicture: Bool { get }
  /// Takes a packet with times in endless 90 kHz counts.
  /// - Returns: whether something came out of it.
  func take(_ packet: borrowing Packet, at now: Int64) throws -> Bool
  /// No more will come.
  func finish() throws
}

/// Hands coded units to the desk, in the order of their decoding times.
final class FeedUnits: FeedDelivery {
  let hasPicture: Bool
  var wanted: Set<Int> { Set(tracks.map(\.streamIndex)) }
  private let tracks: [any FeedTrack]
  private let sink: LiveSink
  private var order = FeedOrder()
  private var pace: FeedPace?

  /// - Parameter isPaced: what comes is a file in effect, and is let go in real time.
  init(
    _ demuxer: borrowing FeedDemuxer, _ streams: [StreamDescription], _ plan: RecordingPlan, isPaced: Bool,
    _ sink: LiveSink
  ) throws {
    var tracks: [any FeedTrack] = []
    if case .copy(let index) = plan.video {
      tracks.append(try FeedPicture(streams[index], demuxer.parameters(of: index)))
    }
    hasPicture = !tracks.isEmpty
    for (number, (source, wanted)) in zip(plan.audio, plan.house.audio).enumerated() {
      switch source {
      case .copy(let index): tracks.append(FeedSound(streams[index], track: number))
      case .transcode(let index):
        tracks.append(
          try FeedSoundTranscoder(
            streams[index], demuxer.parameters(of: index), SoundSettings(wanted), track: number))
      case .filler: break
      }
    }
    self.tracks = tracks
    self.sink = sink
    pace = isPaced ? FeedPace() : nil
  }

  func take(_ packet: borrowing Packet, at now: Int64) throws -> Bool {
    var isFruitful = false
    for track in tracks where track.streamIndex == packet.streamIndex {
      try track.take(packet, arrival: now) { unit in
        isFruitful = true
        order.put(unit)
      }
    }
    while let unit = order.take(at: SteadyClock.now) { deliver(unit) }
    return isFruitful
  }

  func finish() {
    for unit in order.finish(at: SteadyClock.now) { deliver(unit) }
  }

  private func deliver(_ unit: LiveUnit) {
    var unit = unit
    if pace != nil {
      pace?.wait(for: unit.dts, sink)
      unit.arrival = SteadyClock.now
    }
    sink.unit(unit)
  }
}

/// Hands decoded pictures and sound to the desk, which encodes them.
final class FeedFrames: FeedDelivery {
  var wanted: Set<Int> { Set([picture.streamIndex] + (sound.map { [$0.streamIndex] } ?? [])) }
  let hasPicture = true
  private let picture: Track
  private let sound: Track?
  private var pace: FeedPace?
  private let sink: LiveSink

  /// A stream and its decoder.
  private final class Track {
    let streamIndex: Int
    private var decoding: Decoding

    init(_ parameters: consuming CodecParameters, streamIndex: Int) throws(LibAVError) {
      self.streamIndex = streamIndex
      decoding = try Decoding(parameters, timeBase: .ninetyKilohertz, isLive: true)
    }

    /// Hands over what comes out of a packet, with its time.
    func decode(_ packet: borrowing Packet, _ body: (borrowing Frame, Int64) -> Void) {
      guard decoding.take(packet) else { return }
      while decoding.next() {
        if let pts = decoding.frame.bestEffortPTS { body(decoding.frame, pts) }
      }
    }
  }

  init(
    _ demuxer: borrowing FeedDemuxer, picture: Int, sound: Int?, isPaced: Bool, _ sink: LiveSink
  ) throws {
    pace = isPaced ? FeedPace() : nil
    self.picture = try Track(demuxer.parameters(of: picture), streamIndex: picture)
    self.sound = try sound.map { try Track(demuxer.parameters(of: $0), streamIndex: $0) }
    self.sink = sink
  }

  func take(_ packet: borrowing Packet, at now: Int64) throws -> Bool {
    var isFruitful = false
    if let time = packet.dts ?? packet.pts { pace?.wait(for: time, sink) }
    let now = pace == nil ? now : SteadyClock.now
    if packet.streamIndex == picture.streamIndex {
      picture.decode(packet) { frame, pts in
        sink.picture(frame, pts: pts, arrival: now)
        sink.note(LiveTimings(convert: SteadyClock.now - now))
        isFruitful = true
      }
    } else {
      sound?.decode(packet) { frame, pts in
        sink.sound(frame, pts: pts, arrival: now)
        isFruitful = true
      }
    }
    return isFruitful
  }

  func finish() {}
}
