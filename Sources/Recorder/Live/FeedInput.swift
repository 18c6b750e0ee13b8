import LibAV
import LinuxIO
import Synchronization
import Tape
import TransportStream

/// A stream out of the network: what fits the house's format is copied, the rest decoded and encoded.
///
/// Where the picture fits, everything goes as coded units. Where it does not, it goes as frames, with the sound of the first
/// track, to be encoded by the desk. Either way by the feed's own clock, so that picture and sound stay together.
final class FeedInput: LiveInput {
  private let url: FeedURL
  private let house: HouseFormat
  /// It has turned out that the picture cannot be copied.
  private let decodesPicture = Atomic<Bool>(false)

  var lead: Ticks { .milliseconds(400) }

  /// - Throws: when the feed's URL is none that the configuration may say.
  init(_ feed: LiveSource.Feed, house: HouseFormat) throws(RecorderError) {
    do {
      url = try FeedURL(feed.url)
    } catch {
      throw RecorderError(.configuration, "the feed's URL \(error)")
    }
    self.house = house
  }

  /// How long a feed may take to be reached and to say what it is made of, seconds.
  static let opening = 10.0
  /// How long a key picture that decoding can begin with may take to come, nanoseconds.
  static let beginning: Int64 = 15_000_000_000
  /// Damaged packets in a row that a feed may have.
  static let mostDamaged = 1_000
  /// How long there may be sound without pictures, where there were some, nanoseconds.
  static let blindness: Int64 = 5_000_000_000

  func run(into sink: LiveSink) throws(RecorderError) {
    do {
      try receive(into: sink)
    } catch is FeedPicture.CannotBeCopied {
      decodesPicture.store(true, ordering: .relaxed)
      throw RecorderError(.badMedia, "\(url.shown): its pictures have to be encoded anew")
    } catch let error as FeedError {
      if error.cause == .stopped { return }
      throw RecorderError(.inputOutput, error.description)
    } catch let error as RecorderError {
      throw RecorderError(
        error.status,
        error.description.hasPrefix(url.shown) ? error.description : "\(url.shown): \(error.description)")
    } catch {
      throw RecorderError(wrapping: error)
    }
  }

  private func open(_ sink: LiveSink) throws -> FeedDemuxer {
    let isStopped: @Sendable () -> Bool = { sink.isStopped }
    if url.scheme == .udp || url.scheme == .rtp {
      let datagrams = try DatagramFeed(url)
      do {
        return try FeedDemuxer(
          transportStream: datagrams, name: url.shown, within: FeedInput.opening, isStopped: isStopped)
      } catch {
        guard case .late = error.cause, datagrams.foreign > 0 else { throw error }
        throw RecorderError(.badMedia, "\(url.shown): what comes is no transport stream, bare or in RTP")
      }
    }
    return try FeedDemuxer(url.address, within: FeedInput.opening, isStopped: isStopped)
  }

  private func receive(into sink: LiveSink) throws {
    var demuxer = try open(sink)
    let streams = demuxer.streams
    let plan = try RecordingPlan(
      streams, house: house, transcodesVideo: decodesPicture.load(ordering: .relaxed))
    let desk = try delivery(demuxer, streams, plan, sink)
    demuxer.use(only: desk.wanted)
    let patience = stall(demuxer.format)
    let start = SteadyClock.now
    var lastPicture: Int64?
    var clock = FeedClock()
    var packet = try Packet()
    while !sink.isStopped {
      guard try next(&packet, from: &demuxer, within: patience) else { break }
      let now = SteadyClock.now
      guard streams.indices.contains(packet.streamIndex), desk.wanted.contains(packet.streamIndex) else { continue }
      let stream = streams[packet.streamIndex]
      // The connection has ended within a picture, most likely.
      if stream.kind == .video, demuxer.isRunningOut, demuxer.format != "hls" { continue }
      clock.correct(&packet, timeBase: stream.timeBase)
      if try desk.take(packet, at: now), stream.kind == .video { lastPicture = now }
      guard desk.hasPicture else { continue }
      if now - (lastPicture ?? start) > (lastPicture == nil ? FeedInput.beginning : FeedInput.blindness) {
        let what = lastPicture == nil ? "no key picture" : "no picture"
        throw RecorderError(.badMedia, "\(url.shown): \(what) for \((now - (lastPicture ?? start)) / 1_000_000_000) s")
      }
    }
    try desk.finish()
    if !sink.isStopped { throw RecorderError(.inputOutput, "\(url.shown): it has ended") }
  }

  /// The next packet that is sound; false at the end.
  private func next(
    _ packet: inout Packet, from demuxer: inout FeedDemuxer, within seconds: Double
  ) throws(FeedError) -> Bool {
    for _ in 0..<FeedInput.mostDamaged {
      do {
        return try demuxer.read(into: &packet, within: seconds)
      } catch {
        guard error.isPassing else { throw error }
      }
    }
    throw FeedError(.late(seconds), url.shown)
  }

  private func delivery(
    _ demuxer: borrowing FeedDemuxer, _ streams: [StreamDescription], _ plan: RecordingPlan, _ sink: LiveSink
  ) throws -> any FeedDelivery {
    let isPaced = url.scheme == .http || url.scheme == .https
    if case .transcode(let picture) = plan.video {
      let sound = plan.audio.compactMap(\.index).first
      return try FeedFrames(demuxer, picture: picture, sound: sound, isPaced: isPaced, sink)
    }
    return try FeedUnits(demuxer, streams, plan, isPaced: isPaced, sink)
  }

  /// How long nothing may come before the feed counts as gone, seconds. Segments of HLS come one by one, and as much of
  /// them as that is in hand.
  private func stall(_ format: String) -> Double {
    if format == "hls" { return 12 }
    return url.scheme == .http || url.scheme == .https ? 5 : 2
  }
}

extension RecordingPlan.Source {
  /// The feed's stream; nil of a filler.
  var index: Int? {
    switch self {
    case .copy(let index), .transcode(let index): index
    case .filler: nil
    }
  }
}

extension FeedURL {
  /// What libav is to dial.
  var address: FeedDemuxer.Address {
    let name = host.contains(":") ? "[\(host)]" : host
    let place = (credentials.map { "\($0)@" } ?? "") + "\(name):\(port)"
    switch scheme {
    case .rtsp, .rtsps:
      return FeedDemuxer.Address(
        url: "\(scheme.rawValue)://\(place)\(path)", host: host, port: port, shown: shown, kind: .rtsp)
    case .srt:
      // Its own patience is ours; 120 ms to ask again for what was lost is what SRT means by default.
      var settings = ["mode=\(options["mode"] ?? "caller")", "transtype=live"]
      settings.append("latency=\((options["latency"].flatMap { Int($0) } ?? 120) * 1_000)")
      settings.append("connect_timeout=3000")
      return FeedDemuxer.Address(
        url: "srt://\(place)?\(settings.joined(separator: "&"))", host: host, port: port, shown: shown, kind: .srt,
        options: ["passphrase", "pbkeylen", "streamid"].compactMap { key in options[key].map { (key, $0) } })
    default:
      return FeedDemuxer.Address(
        url: "\(scheme.rawValue)://\(place)\(path)", host: host, port: port, shown: shown, kind: .http)
    }
  }
}
