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

  /// So often a transport stream is opened anew whose streams no program map names; then guesses have to do.
  static let mostGuesses = 8

  /// A feed is not opened anew for other streams before it has been open for so long, nanoseconds.
  static let settling: Int64 = 1_000_000_000

  func run(into sink: LiveSink) throws(RecorderError) {
    var datagrams: DatagramFeed?
    do {
      datagrams = url.scheme == .udp || url.scheme == .rtp ? try DatagramFeed(url) : nil
      var clock = FeedClock()
      while !sink.isStopped { try play(datagrams, &clock, into: sink) }
    } catch is FeedPicture.CannotBeCopied {
      decodesPicture.store(true, ordering: .relaxed)
      throw RecorderError(.badMedia, "\(url.shown): its pictures have to be encoded anew")
    } catch {
      if (error as? FeedError)?.cause == .stopped { return }
      throw reason(error, datagrams)
    }
  }

  /// What people are told of the feed's end.
  private func reason(_ error: any Error, _ datagrams: DatagramFeed?) -> RecorderError {
    if datagrams?.isForeign == true {
      return RecorderError(.badMedia, "\(url.shown): what comes is no transport stream, bare or in RTP")
    }
    if let error = error as? FeedError {
      if case .late(let seconds) = error.cause, let heard = datagrams?.heardAt,
        SteadyClock.now - heard < FeedInput.settling
      {
        return RecorderError(.badMedia, "\(url.shown): no picture or sound in what comes for \(Int(seconds)) s")
      }
      return RecorderError(.inputOutput, error.description)
    }
    guard let error = error as? RecorderError, !error.description.hasPrefix(url.shown) else {
      return RecorderError(wrapping: error)
    }
    return RecorderError(error.status, "\(url.shown): \(error.description)")
  }

  private func open(_ datagrams: DatagramFeed?, _ sink: LiveSink) throws -> FeedDemuxer {
    let isStopped: @Sendable () -> Bool = { sink.isStopped }
    guard let datagrams else {
      return try FeedDemuxer(url.address, within: FeedInput.opening, isStopped: isStopped)
    }
    // libav guesses at streams that no program map has named yet, and abides by that; what comes next names them.
    var guesses = 0
    while true {
      let demuxer = try FeedDemuxer(
        transportStream: datagrams, name: url.shown, within: FeedInput.opening, isStopped: isStopped)
      if demuxer.isNamed || guesses == FeedInput.mostGuesses { return demuxer }
      guesses += 1
    }
  }

  /// Delivers the feed until it ends, which throws, or until it is to be opened anew, for it has other streams now.
  private func play(_ datagrams: DatagramFeed?, _ clock: inout FeedClock, into sink: LiveSink) throws {
    var demuxer = try open(datagrams, sink)
    let streams = demuxer.streams
    let plan = try RecordingPlan(
      streams, house: house, transcodesVideo: decodesPicture.load(ordering: .relaxed))
    let desk = try delivery(demuxer, streams, plan, sink)
    demuxer.use(only: desk.wanted)
    let patience = stall(demuxer.format)
    let start = SteadyClock.now
    var revision = demuxer.revision
    var isFresh = isPaced
    var lastPicture: Int64?
    var stamps = Dictionary(
      uniqueKeysWithValues: streams.filter { $0.kind == .audio }.map { ($0.index, SoundStamps($0)) })
    var packet = try Packet()
    while !sink.isStopped {
      guard try next(&packet, from: &demuxer, within: patience) else { break }
      let now = SteadyClock.now
      if demuxer.revision != revision, now - start > FeedInput.settling {
        revision = demuxer.revision
        if plan.isOutdated(streams, by: demuxer.streams, mapped: demuxer.mapped) { return try desk.finish() }
      }
      guard streams.indices.contains(packet.streamIndex), desk.wanted.contains(packet.streamIndex) else { continue }
      let stream = streams[packet.streamIndex]
      // What came while the feed was opened is old, but a key picture is worth that.
      isFresh = isFresh || !demuxer.isBacklog || (stream.kind == .video && packet.isKey)
      guard isFresh else { continue }
      // The connection has ended within a picture, most likely.
      if stream.kind == .video, demuxer.isRunningOut, demuxer.format != "hls" { continue }
      clock.correct(&packet, timeBase: stream.timeBase)
      stamps[packet.streamIndex]?.correct(&packet)
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
    if case .transcode(let picture) = plan.video {
      let sound = plan.audio.compactMap(\.index).first
      return try FeedFrames(demuxer, picture: picture, sound: sound, isPaced: isPaced, sink)
    }
    return try FeedUnits(demuxer, streams, plan, isPaced: isPaced, sink)
  }

  /// What comes is a file in effect, however fast.
  private var isPaced: Bool { url.scheme == .http || url.scheme == .https }

  /// How long nothing may come before the feed counts as gone, seconds. Segments of HLS come one by one, and as much of
  /// them as that is in hand.
  private func stall(_ format: String) -> Double {
    if format == "hls" { return 12 }
    return isPaced ? 5 : 2
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
