import LibAV
import Tape
import TransportStream

/// One audio track of a live station: an unbroken row of frames on the air's clock, of the source's sound where there is
/// some, of silence where there is none.
///
/// Raw samples are put where their capture belongs in the air's time, and the row is encoded as the time comes; a row of
/// copied frames takes its place for as long as it lasts.
final class LiveSound {
  let pid: UInt16
  let streamID: UInt8
  let settings: SoundSettings
  /// What is captured at t is heard at t + lead.
  let lead: Ticks

  private let channels: Int
  private let rate: Int64
  private let block: Int64
  private var encoder: SoundEncoder
  private var shaper: FilterGraph?
  private var convert: FilterGraph?
  private var convertShape: Frame.Shape?
  /// Sound of this shape cannot be converted.
  private var refusedShape: Frame.Shape?
  private var frame: Frame

  /// The samples from `position` on, in air samples (since the Unix epoch, at ``rate``).
  private var position: Int64?
  private var pending: [[Float]]
  /// PTS before this are taken: 90 kHz.
  private var nextPTS: Int64 = .min
  /// Copied frames have been sent up to here, and none of our own are, for a while: 90 kHz.
  private var copiedUntil: Int64?

  /// How far the samples' own time may be off the row before it is begun anew, and before a sample is put in or left out
  /// of each block.
  private static let jump = 0.060
  private static let drift = 0.003

  /// Opens the encoder.
  init(_ format: HouseFormat.Audio, index: Int, lead: Ticks) throws {
    settings = SoundSettings(format)
    pid = PID.firstAudio + UInt16(index)
    streamID = LiveFormat.streamID(format.codec)
    self.lead = lead
    channels = format.channels
    rate = Int64(format.sampleRate)
    block = settings.frame.samples
    encoder = try SoundEncoder(settings, for: FilterGraph(.audio, generating: settings.silence))
    frame = try Frame()
    pending = Array(repeating: [], count: format.channels)
  }

  /// Says where the row of frames begins.
  ///
  /// - Parameters:
  ///   - last: the PTS of the frame sent last, by whoever wrote the ring before: 90 kHz.
  ///   - earliest: no frame has an earlier PTS.
  func begin(after last: Int64?, earliest: Int64) {
    nextPTS = earliest
    if let last { nextPTS = max(earliest, last + settings.frame.ticks(1) - 2) }
  }

  /// How long a block waits for samples after its time has come: what is left of the lead when the block itself, the two
  /// frames by which an encoder runs behind, and the way to the receiver have had their part.
  private var patience: Ticks { max(.milliseconds(5), lead - .milliseconds(85)) }

  private func samples(_ date: Ticks) -> Int64 { samples(ninetyKilohertz: date.count / 300) }
  private func samples(ninetyKilohertz count: Int64) -> Int64 {
    let (seconds, rest) = count.quotientAndRemainder(dividingBy: HouseTime.perSecond)
    return seconds * rate + rest * rate / HouseTime.perSecond
  }
  private func ninetyKilohertz(_ samples: Int64) -> Int64 {
    let (seconds, rest) = samples.quotientAndRemainder(dividingBy: rate)
    return seconds * HouseTime.perSecond + rest * HouseTime.perSecond / rate
  }

  /// Takes raw sound whose first sample was captured at `date`.
  func take(_ sound: borrowing Frame, at date: Ticks) throws {
    var own = try Frame()
    try own.refer(to: sound)
    let shape = own.shape
    guard shape != refusedShape else { return }
    do {
      try convert(&own, shape, at: date)
    } catch {
      convert = nil
      (convertShape, refusedShape) = (nil, shape)
      throw error
    }
  }

  /// What comes next is another source's.
  func forgetSource() { refusedShape = nil }

  private func convert(_ own: inout Frame, _ shape: Frame.Shape, at date: Ticks) throws {
    if convert == nil || convertShape != shape {
      convert = try FilterGraph(
        .audio,
        "aresample=\(rate),aformat=sample_fmts=fltp:sample_rates=\(rate):channel_layouts="
          + Frame.channelLayout(of: channels), from: shape, timeBase: Rational(1, Int32(clamping: rate)))
      convertShape = shape
    }
    own.pts = nil
    try convert?.send(&own)
    var first = true
    while try convert?.receive(into: &own) ?? false {
      // An encoder fails at what is no number.
      place((0..<channels).map { own.samples(of: $0).map { $0.isFinite ? $0 : 0 } }, at: first ? samples(date) : nil)
      first = false
    }
  }

  /// Puts samples behind those that are there, as far as their own date agrees.
  private func place(_ sound: [[Float]], at wanted: Int64?) {
    guard let position, let count = sound.first?.count, count > 0 else { return }
    var sound = sound
    let end = position + Int64(pending[0].count)
    let off = wanted.map { Double($0 - end) / Double(rate) } ?? 0
    if off > LiveSound.jump || (pending[0].isEmpty && off > 0) {
      // A hole is silent.
      let hole = min(Int64(off * Double(rate)), rate)
      for channel in pending.indices { pending[channel] += repeatElement(0, count: Int(hole)) }
    } else if off < -LiveSound.jump {
      let late = min(Int64(-off * Double(rate)), Int64(count))
      for channel in sound.indices { sound[channel].removeFirst(Int(late)) }
    } else if abs(off) > LiveSound.drift, count > 2 {
      for channel in sound.indices {
        if off > 0 { sound[channel].append(sound[channel][count - 1]) } else { sound[channel].removeLast() }
      }
    }
    for channel in pending.indices where channel < sound.count { pending[channel] += sound[channel] }
    // A source that delivers more than there is time for is wrong about its rate.
    let most = Int(rate)
    if pending[0].count > most {
      let removed = pending[0].count - most
      for channel in pending.indices { pending[channel].removeFirst(removed) }
      self.position = position + Int64(removed)
    }
  }

  /// Copied frames take the place of our own.
  ///
  /// - Returns: what is to be sent now, if anything: nil for frames that come too late.
  func copy(_ bytes: [UInt8], pts: Int64, duration: Int64) -> PESPacket? {
    guard pts >= nextPTS else { return nil }
    nextPTS = pts + max(duration, 1)
    copiedUntil = nextPTS
    return PESPacket(pid: pid, streamID: streamID, pts: pts, dts: pts, isKey: true, bytes: bytes)
  }

  /// Encodes what is due at `now`, and hands it over in order.
  func advance(_ now: Ticks, _ send: (PESPacket) throws -> Void) throws {
    if let copied = copiedUntil {
      // Copied sound that stops: ours goes on where it ended.
      guard copied < (now + LiveMux.ahead + .milliseconds(60)).count / 300 else { return }
      copiedUntil = nil
      position = samples(ninetyKilohertz: copied - lead.count / 300) + block
      pending = Array(repeating: [], count: channels)
    }
    if position == nil { position = samples(now) }
    while let start = position {
      let isFull = Int64(pending[0].count) >= block
      let isDue = samples(now - patience) >= start + block
      guard isDue || (isFull && samples(now) >= start + block) else { return }
      // After a standstill of the whole process there is nothing to catch up with.
      if samples(now) - start > rate {
        position = samples(now) - block
        for channel in pending.indices { pending[channel] = [] }
        continue
      }
      try encode(start, send)
    }
  }

  private func encode(_ start: Int64, _ send: (PESPacket) throws -> Void) throws {
    let count = Int(block)
    var samples: [[Float]] = []
    for channel in pending.indices {
      let have = min(count, pending[channel].count)
      samples.append(Array(pending[channel].prefix(have)) + [Float](repeating: 0, count: count - have))
      pending[channel].removeFirst(have)
    }
    position = start + block
    try frame.fill(samples, sampleRate: Int(rate))
    if shaper == nil {
      shaper = try FilterGraph(
        .audio, settings.shape, from: frame.shape, timeBase: Rational(1, Int32(clamping: rate)))
    }
    frame.pts = start
    try shaper?.send(&frame)
    while try shaper?.receive(into: &frame) ?? false {
      var made: [(Int64, [UInt8])] = []
      try encoder.encode(&frame, timeBase: Rational(1, Int32(clamping: rate))) { made.append(($0, $1)) }
      for (time, bytes) in made {
        let pts = time + lead.count / 300
        guard pts >= nextPTS else { continue }
        nextPTS = pts + ninetyKilohertz(block) - 2
        try send(PESPacket(pid: pid, streamID: streamID, pts: pts, dts: pts, isKey: true, bytes: bytes))
      }
    }
  }
}
