import CALSA
import Glibc
import LinuxIO

/// A microphone by ALSA: sound as it comes, with the date of its first sample.
@safe package struct Microphone: ~Copyable {
  private let handle: OpaquePointer
  private let status: OpaquePointer
  private let name: String
  /// Samples a second of each channel, as the device has it.
  package let sampleRate: Int
  package let channels: Int
  /// In samples: what one call delivers.
  package let period: Int
  /// How often sound was lost because nobody fetched it in time.
  package private(set) var overruns = 0
  private var samples: [Int16]

  /// A stretch of sound, for the length of a call.
  package struct Block {
    /// When its first sample was captured, steady nanoseconds (CLOCK_BOOTTIME).
    package let captured: Int64
    /// Samples of each channel.
    package let count: Int
    /// Sound was lost right before it.
    package let followsGap: Bool
  }

  /// Opens a capture device and begins to capture: 16 bits, 48 kHz and two channels where it can, in periods of some
  /// 10 ms.
  ///
  /// - Parameter name: as ALSA names devices: "hw:1,0", "hw:CARD=Webcam,DEV=0", "default".
  package init(_ name: String) throws(CaptureError) {
    calsa_hush()
    let opened: Opened
    do throws(CaptureError) {
      unsafe opened = try Self.open(name, as: name)
    } catch {
      // A bare device with other samples than those: ALSA's own converter stands before it.
      guard error.kind == .unfit, name.hasPrefix("hw:") else { throw error }
      unsafe opened = try Self.open("plug" + name, as: name)
    }
    unsafe (handle, status) = unsafe (opened.handle, opened.status)
    self.name = name
    (sampleRate, channels, period) = unsafe (opened.rate, opened.channels, opened.period)
    samples = Array(repeating: 0, count: period * channels)
  }

  private typealias Opened = (handle: OpaquePointer, status: OpaquePointer, rate: Int, channels: Int, period: Int)

  private static func open(_ device: String, as name: String) throws(CaptureError) -> Opened {
    var opened: OpaquePointer?
    var made: OpaquePointer?
    let result = unsafe snd_pcm_open(&opened, device, SND_PCM_STREAM_CAPTURE, Int32(SND_PCM_NONBLOCK))
    if result == -EINVAL { throw CaptureError(.absent, "ALSA knows no device called \"\(name)\"") }
    guard result >= 0, let handle = unsafe opened else { throw Self.error(name, "open", result) }
    do throws(CaptureError) {
      let (rate, channels, period) = unsafe try Self.set(handle, name)
      try Self.check(unsafe snd_pcm_status_malloc(&made), name, "tell its state")
      guard let status = unsafe made else { throw CaptureError(.failed, "\(name): out of memory") }
      try Self.check(unsafe snd_pcm_start(handle), name, "begin to capture")
      return unsafe (handle, status, rate, channels, period)
    } catch {
      unsafe snd_pcm_status_free(made)
      unsafe snd_pcm_close(handle)
      throw error
    }
  }

  deinit {
    unsafe snd_pcm_status_free(status)
    unsafe snd_pcm_close(handle)
  }

  /// Samples of 16 bits, interleaved, in a buffer of a quarter of a second.
  private static func set(
    _ handle: OpaquePointer, _ name: String
  ) throws(CaptureError) -> (rate: Int, channels: Int, period: Int) {
    var made: OpaquePointer?
    try check(unsafe snd_pcm_hw_params_malloc(&made), name, "take settings")
    defer { unsafe snd_pcm_hw_params_free(made) }
    var (rate, channels): (UInt32, UInt32) = (48_000, 2)
    try check(unsafe snd_pcm_hw_params_any(handle, made), name, "take settings")
    try fit(unsafe snd_pcm_hw_params_set_access(handle, made, SND_PCM_ACCESS_RW_INTERLEAVED), name)
    try fit(unsafe snd_pcm_hw_params_set_format(handle, made, SND_PCM_FORMAT_S16), name)
    try fit(unsafe snd_pcm_hw_params_set_channels_near(handle, made, &channels), name)
    try fit(unsafe snd_pcm_hw_params_set_rate_near(handle, made, &rate, nil), name)
    // A device of many channels that has no fewer is left to ALSA's converter.
    guard (1...2).contains(channels), (8_000...192_000).contains(rate) else {
      throw CaptureError(.unfit, "\(name) captures \(channels) channels at \(rate) Hz, which is of no use here")
    }
    var period = snd_pcm_uframes_t(rate / 100)
    var buffer = snd_pcm_uframes_t(rate / 4)
    try fit(unsafe snd_pcm_hw_params_set_period_size_near(handle, made, &period, nil), name)
    try fit(unsafe snd_pcm_hw_params_set_buffer_size_near(handle, made, &buffer), name)
    try check(unsafe snd_pcm_hw_params(handle, made), name, "take settings")
    unsafe try setDates(handle, name, period: period)
    return (Int(rate), Int(channels), Int(min(period, snd_pcm_uframes_t(rate))))
  }

  /// Has the driver date its sound by CLOCK_MONOTONIC.
  private static func setDates(
    _ handle: OpaquePointer, _ name: String, period: snd_pcm_uframes_t
  ) throws(CaptureError) {
    var made: OpaquePointer?
    try check(unsafe snd_pcm_sw_params_malloc(&made), name, "take settings")
    defer { unsafe snd_pcm_sw_params_free(made) }
    try check(unsafe snd_pcm_sw_params_current(handle, made), name, "take settings")
    try check(unsafe snd_pcm_sw_params_set_avail_min(handle, made, period), name, "take settings")
    try check(unsafe snd_pcm_sw_params_set_tstamp_mode(handle, made, SND_PCM_TSTAMP_ENABLE), name, "date its sound")
    try check(
      unsafe snd_pcm_sw_params_set_tstamp_type(handle, made, SND_PCM_TSTAMP_TYPE_MONOTONIC), name, "date its sound")
    try check(unsafe snd_pcm_sw_params(handle, made), name, "take settings")
  }

  /// Waits for the next sound, one period at most, and hands it to `body`, channels interleaved. Sound that was lost
  /// is told by the next block's date.
  ///
  /// - Returns: nil when none came in time.
  /// - Throws: that the device is gone or failed.
  package mutating func next<Result>(
    timeoutMilliseconds: Int, _ body: (Block, Span<Int16>) throws(CaptureError) -> Result
  ) throws(CaptureError) -> Result? {
    var followsGap = false
    for _ in 0..<8 {
      let ready = unsafe snd_pcm_wait(handle, Int32(clamping: timeoutMilliseconds))
      if ready == 0 { return nil }
      let date = ready > 0 ? capturedDate() : SteadyClock.now
      let count = unsafe samples.withUnsafeMutableBytes { buffer in
        ready < 0
          ? Int(ready) : unsafe Int(snd_pcm_readi(handle, buffer.baseAddress, snd_pcm_uframes_t(period)))
      }
      if count > 0 {
        let block = Block(captured: date, count: count, followsGap: followsGap)
        return try body(block, samples.span.extracting(first: count * channels))
      }
      if count == -Int(EAGAIN) || count == 0 { continue }
      try recover(Int32(count))
      followsGap = true
    }
    return nil
  }

  /// Begins anew after sound was lost (EPIPE) or the machine slept (ESTRPIPE).
  private mutating func recover(_ code: Int32) throws(CaptureError) {
    guard code == -EPIPE || code == -ESTRPIPE || code == -EINTR else { throw Self.error(name, "deliver sound", code) }
    overruns += 1
    try Self.check(unsafe snd_pcm_recover(handle, code, 1), name, "deliver sound")
    if unsafe snd_pcm_state(handle) != SND_PCM_STATE_RUNNING {
      try Self.check(unsafe snd_pcm_start(handle), name, "begin to capture")
    }
  }

  /// When the oldest sample that waits was captured: the driver dates the newest.
  private func capturedDate() -> Int64 {
    let now = SteadyClock.now
    guard unsafe snd_pcm_status(handle, status) >= 0 else { return now }
    var stamp = snd_htimestamp_t()
    unsafe snd_pcm_status_get_htstamp(status, &stamp)
    let waiting = unsafe Int64(clamping: snd_pcm_status_get_avail(status)) * 1_000_000_000 / Int64(sampleRate)
    guard stamp.tv_sec > 0 || stamp.tv_nsec > 0 else { return now - waiting }
    let newest = MonotonicTime.steady(Int64(stamp.tv_sec) * 1_000_000_000 + Int64(stamp.tv_nsec))
    return min(newest, now) - waiting
  }

  /// Settings that the device does not have.
  private static func fit(_ result: Int32, _ name: String) throws(CaptureError) {
    if result < 0 { throw CaptureError(.unfit, "\(name) does not capture sound as it is used here") }
  }

  private static func check(_ result: Int32, _ name: String, _ operation: String) throws(CaptureError) {
    if result < 0 { throw error(name, operation, result) }
  }

  private static func error(_ name: String, _ operation: String, _ result: Int32) -> CaptureError {
    CaptureError(device: name, operation: operation, code: -result, group: "audio")
  }
}
