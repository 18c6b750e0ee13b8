import Capture
import FoundationEssentials
import LinuxIO

/// A look at what a camera delivers, without a station: how many pictures, how regularly, how late.
struct CameraTrial: Encodable {
  var mode: String
  /// Each picture's capture, steady nanoseconds, and its number as the driver counts.
  var captured: [Int64] = []
  var sequence: [UInt32] = []
  var drops = 0
  var damaged = 0
  /// How many dates are the driver's own.
  var datedByDriver = 0
  /// From the capture to the fetch, milliseconds: the middle one, and the worst.
  var latency = 0.0
  var worstLatency = 0.0

  /// Captures so many pictures; fewer where they stay out for 5 s.
  init(_ name: String, _ wish: CaptureWish, pictures: Int) throws(CaptureError) {
    var camera = try Camera(name, wish)
    mode = "\(camera.mode)"
    var delays: [Int64] = []
    while captured.count < pictures {
      guard
        let picture = try camera.next(timeoutMilliseconds: 5_000, { picture, _ throws(CaptureError) in picture })
      else { throw CaptureError(.failed, "\(name) delivers no pictures") }
      captured.append(picture.captured)
      sequence.append(picture.sequence)
      delays.append(picture.fetched - picture.captured)
      datedByDriver += picture.hasDriverTime ? 1 : 0
    }
    (drops, damaged) = (camera.drops, camera.damaged)
    delays.sort()
    latency = Double(delays[delays.count / 2]) / 1e6
    worstLatency = Double(delays[delays.count - 1]) / 1e6
  }

  var text: String {
    let seconds = Double((captured.last ?? 0) - (captured.first ?? 0)) / 1e9
    let rate = seconds > 0 ? Double(captured.count - 1) / seconds : 0
    func short(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
    return """
      \(mode)
      \(captured.count) pictures, \(short(rate)) a second, \(drops) dropped, \(damaged) damaged
      dated by \(datedByDriver == captured.count ? "the driver" : "this program: the driver does not"), \
      fetched \(short(latency)) ms after the capture, \(short(worstLatency)) ms at the worst

      """
  }
}

/// The same of a microphone.
struct MicrophoneTrial: Encodable {
  var sampleRate: Int
  var channels: Int
  var period: Int
  /// Samples of each channel.
  var samples = 0
  var overruns = 0
  /// What the dates say of the length, and what the samples say, seconds.
  var dated = 0.0
  var counted = 0.0
  /// The loudest sample, 0...1.
  var peak = 0.0
  /// How far a date was from where the samples before it put it, milliseconds.
  var jitter = 0.0

  /// Listens for that long.
  init(_ name: String, seconds: Double) throws(CaptureError) {
    var microphone = try Microphone(name)
    (sampleRate, channels, period) = (microphone.sampleRate, microphone.channels, microphone.period)
    var first: Int64?
    let end = SteadyClock.now + Int64(seconds * 1e9)
    while SteadyClock.now < end {
      let heard = try microphone.next(timeoutMilliseconds: 1_000) { block, sound throws(CaptureError) in
        var loudest = 0
        for index in sound.indices { loudest = max(loudest, abs(Int(sound[index]))) }
        return (block, loudest)
      }
      guard let (block, loudest) = heard else { throw CaptureError(.failed, "\(name) delivers no sound") }
      let begin = first ?? block.captured
      first = begin
      dated = Double(block.captured - begin) / 1e9
      counted = Double(samples) / Double(sampleRate)
      if !block.followsGap { jitter = max(jitter, abs(dated - counted) * 1_000) }
      samples += block.count
      peak = max(peak, Double(loudest) / 32_768)
    }
    overruns = microphone.overruns
  }

  var text: String {
    func short(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
    return """
      \(channels) channels at \(sampleRate) Hz in periods of \(period) samples
      \(samples) samples, \(overruns) overruns, dates within \(short(jitter)) ms, at most \(short(peak * 100)) % loud

      """
  }
}
