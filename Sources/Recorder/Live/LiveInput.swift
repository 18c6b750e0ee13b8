import TransportStream

/// Where a live station's pictures and sound come from: a camera, a feed, the test card.
protocol LiveInput: Sendable {
  /// Opens the source and delivers what it captures, on a thread of its own, until ``LiveSink/isStopped``, or until it
  /// fails. Returning and throwing are the same to the desk: it shows the card, with the error as the reason, and calls
  /// again after ``retryDelay(after:)``. A call that hangs costs the station its picture, never its card.
  func run(into sink: LiveSink) throws(RecorderError)

  /// How long to wait before the next ``run(into:)``, in milliseconds.
  ///
  /// - Parameter failures: how often it has ended since it last delivered anything, at least 1.
  func retryDelay(after failures: Int) -> Int

  /// How far decoding runs behind the capture, and so how much jitter is borne: 0.12 s for what keeps time by itself (an
  /// AAC encoder alone takes 64 ms of it), 0.4 s for what comes over a network.
  var lead: Ticks { get }
}

extension LiveInput {
  /// 0.25 s, doubled each time, up to 5 s.
  func retryDelay(after failures: Int) -> Int { min(5_000, 250 << min(max(failures - 1, 0), 5)) }

  var lead: Ticks { .milliseconds(120) }
}

/// A coded access unit, or a coded audio frame, of a source that is copied.
struct LiveUnit: Sendable {
  enum Stream: Hashable, Sendable {
    case video
    /// By its place in the house's format.
    case audio(Int)
  }

  var stream: Stream
  /// As the transport stream carries it: Annex B with its parameter sets in front of each key picture (an access unit
  /// delimiter is put in where there is none), ADTS, bare frames of MPEG audio and AC-3. One or more whole audio frames.
  var bytes: [UInt8]
  /// 90 kHz on the source's clock, which may begin anywhere and must not wrap: a jump is taken for another beginning.
  var pts: Int64
  var dts: Int64
  /// Of sound: how long it lasts, 90 kHz. Of pictures it does not matter.
  var duration: Int64 = 0
  /// Decoding can begin here.
  var isKey: Bool
  /// When it came in: ``SteadyClock`` nanoseconds.
  var arrival: Int64
}

/// How long the stages before the desk took for one picture, in nanoseconds.
struct LiveTimings: Hashable, Sendable {
  /// From the capture, as the driver dates it, to the picture's arrival in this process.
  var capture: Int64 = 0
  /// From there to the sink: decoding, conversion.
  var convert: Int64 = 0
}
