import LibAV
import LinuxIO
import Tape
import TransportStream

/// Colour bars with the station's name, a clock and a frame counter, and a tone of 1 kHz at -20 dBFS.
///
/// The clock shows the air time for which the picture is dated (its PTS), to the millisecond: what a receiver's own clock
/// says more, when the picture is seen, is how long that receiver takes.
struct TestCardInput: LiveInput {
  let card: LiveSource.TestCard
  let name: String
  let clock: LiveClock

  /// Samples in one stretch of the tone; 100 a second.
  private static let stretch: Int64 = 480
  private static let sampleRate: Int64 = 48_000

  func run(into sink: LiveSink) throws(RecorderError) {
    do {
      try play(into: sink)
    } catch {
      throw RecorderError(wrapping: error)
    }
  }

  private func play(into sink: LiveSink) throws {
    var frame = try Frame()
    var bars = try FilterGraph(
      .video, generating: "smptehdbars=s=\(card.width)x\(card.height):r=\(card.rate),format=yuv420p")
    guard try bars.receive(into: &frame) else { throw RecorderError(.internal, "cannot draw colour bars") }
    let still = try LiveSink.HeldFrame(frame)
    var writing = try writing(on: still.frame.shape)
    var tone = try FilterGraph(
      .audio,
      generating:
        "sine=frequency=1000:sample_rate=\(TestCardInput.sampleRate):samples_per_frame=\(TestCardInput.stretch),"
        + "volume=0.8,aformat=sample_fmts=fltp:channel_layouts=stereo")

    let rate = Int64(card.rate)
    let begin = clock.air(clock.now)
    var picture = begin.count * rate / Ticks.perSecond + 1
    var stretch = begin.count / (Ticks.perSecond / 100) + 1
    while !sink.isStopped {
      let nextPicture = Ticks(picture * Ticks.perSecond / rate)
      let nextSound = Ticks((stretch + 1) * (Ticks.perSecond / 100))
      SteadyClock.sleep(until: min(clock.steady(min(nextPicture, nextSound)), clock.now + 500_000_000))
      let now = clock.air(clock.now)
      if now >= nextSound, try tone.receive(into: &frame) {
        sink.sound(frame, at: clock.steady(Ticks(stretch * (Ticks.perSecond / 100))))
        stretch += 1
      }
      guard now >= nextPicture else { continue }
      // After a standstill the present counts, not what was missed.
      if now - nextPicture > .milliseconds(500) {
        picture = now.count * rate / Ticks.perSecond + 1
        stretch = now.count / (Ticks.perSecond / 100) + 1
        continue
      }
      let arrived = clock.now
      try frame.refer(to: still.frame)
      frame.pts = (nextPicture + lead).count / 300
      try writing.send(&frame)
      while try writing.receive(into: &frame) { sink.picture(frame, at: clock.steady(nextPicture)) }
      sink.note(LiveTimings(capture: 0, convert: clock.now - arrived))
      picture += 1
    }
  }

  /// What writes on the bars; nothing where there is no font.
  private func writing(on shape: Frame.Shape) throws(LibAVError) -> FilterGraph {
    guard let font = CardPicture.font else {
      return try FilterGraph(.video, "null", from: shape, timeBase: .ninetyKilohertz)
    }
    func text(_ text: String, _ share: Int, _ place: Int) -> String {
      "drawtext=fontfile=\(font):text='\(text)':fontsize=\(card.height / share):fontcolor=white:box=1:boxcolor=black"
        + ":boxborderw=\(card.height / 60):x=(w-text_w)/2:y=h*\(place)/100"
    }
    let plain =
      "drawtext=fontfile=\(font):expansion=none:text='\(CardPicture.quoted(name))'"
      + ":fontsize=\(card.height / 12):fontcolor=white:box=1:boxcolor=black:boxborderw=\(card.height / 60)"
      + ":x=(w-text_w)/2:y=h*12/100"
    return try FilterGraph(
      .video,
      [
        plain,
        text("%{pts\\:gmtime\\:0\\:%F  %T}.%{eif\\:floor((t-floor(t))*1000+0.01)\\:d\\:3} UTC", 12, 34),
        text("%{eif\\:mod(floor(t*\(card.rate)+0.01),1000000)\\:d\\:6}", 16, 52),
      ].joined(separator: ","), from: shape, timeBase: .ninetyKilohertz)
  }
}
