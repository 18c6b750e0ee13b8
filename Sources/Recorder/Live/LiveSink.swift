import LibAV
import LinuxIO
import Synchronization

/// What a source delivers, on its way from the source's thread to the desk's: bounded, so that neither ever waits for the
/// other. One belongs to one ``LiveInput/run(into:)``; when that is given up, what it still delivers is dropped.
final class LiveSink: Sendable {
  /// When raw pictures or sound belong.
  enum Moment: Sendable {
    /// Captured at this steady date: nanoseconds.
    case captured(Int64)
    /// Dated by the source's own clock, the one of its coded units too: 90 kHz; come in at a steady date, nanoseconds.
    case stamped(Int64, arrival: Int64)
  }

  /// One delivery.
  enum Event: Sendable {
    case picture(HeldFrame, Moment)
    /// The moment is the first sample's.
    case sound(HeldFrame, Moment)
    case unit(LiveUnit)
    /// The source has ended, or failed with a reason.
    case ended(RecorderError?)

    var isEnd: Bool { if case .ended = self { true } else { false } }

    /// Bytes, roughly.
    var size: Int {
      switch self {
      case .picture(let held, _): held.frame.width * held.frame.height * 3 / 2
      case .sound: 8_192
      case .unit(let unit): unit.bytes.count
      case .ended: 0
      }
    }

    /// Whether its time stamps can be reckoned with: a thousand years at most, and a picture is shown at most 1 s after it
    /// is decoded, sound within 0.5 s.
    var isPlausible: Bool {
      let most: Int64 = 1 << 51
      switch self {
      case .picture(_, .stamped(let pts, _)), .sound(_, .stamped(let pts, _)): return -most...most ~= pts
      case .unit(let unit):
        guard -most...most ~= unit.pts, -most...most ~= unit.dts else { return false }
        return (unit.stream == .video ? 0...90_000 : -45_000...45_000) ~= unit.pts - unit.dts
      case .picture, .sound, .ended: return true
      }
    }
  }

  /// A frame that is kept, by another name for its samples.
  final class HeldFrame: Sendable {
    let frame: Frame

    init(_ frame: borrowing Frame) throws(LibAVError) {
      var own = try Frame()
      try own.refer(to: frame)
      self.frame = own
    }
  }

  private struct Queue: Sendable {
    var events: [Event] = []
    var pictures = 0
    var sounds = 0
    var bytes = 0
    var dropped = 0
    var timings: LiveTimings?
  }

  /// Pictures and stretches of sound that wait at the most; a desk that is behind by more shows the latest ones.
  private static let mostPictures = 8
  private static let mostSounds = 256
  /// Bytes of coded units that wait at the most.
  private static let mostBytes = 32 << 20

  private let queue = Mutex(Queue())
  private let stopped = Atomic<Bool>(false)
  private let wake: WakeUp

  /// `wake` is rung at each delivery.
  init(wake: WakeUp) { self.wake = wake }

  /// Whether the source is to end: nobody takes what it delivers any more.
  var isStopped: Bool { stopped.load(ordering: .acquiring) }

  func stop() { stopped.store(true, ordering: .releasing) }

  /// A raw picture of any size and pixel format; its own timestamps are not looked at.
  ///
  /// - Parameter date: of its capture, ``SteadyClock`` nanoseconds.
  func picture(_ frame: borrowing Frame, at date: Int64) { picture(frame, .captured(date)) }

  /// A raw picture of a source that dates by a clock of its own.
  ///
  /// - Parameters:
  ///   - pts: 90 kHz, as that of a ``LiveUnit``.
  ///   - arrival: when it came in, ``SteadyClock`` nanoseconds.
  func picture(_ frame: borrowing Frame, pts: Int64, arrival: Int64) {
    picture(frame, .stamped(pts, arrival: arrival))
  }

  /// Raw samples, of any rate, layout and format, but always the same.
  ///
  /// - Parameter date: of the first sample's capture, ``SteadyClock`` nanoseconds.
  func sound(_ frame: borrowing Frame, at date: Int64) { sound(frame, .captured(date)) }

  /// Raw samples of a source that dates by a clock of its own.
  func sound(_ frame: borrowing Frame, pts: Int64, arrival: Int64) {
    sound(frame, .stamped(pts, arrival: arrival))
  }

  private func picture(_ frame: borrowing Frame, _ moment: Moment) {
    guard let held = try? HeldFrame(frame) else { return }
    put(.picture(held, moment)) { queue in
      queue.pictures += 1
      return queue.pictures <= LiveSink.mostPictures
    }
  }

  private func sound(_ frame: borrowing Frame, _ moment: Moment) {
    guard let held = try? HeldFrame(frame) else { return }
    put(.sound(held, moment)) { queue in
      queue.sounds += 1
      return queue.sounds <= LiveSink.mostSounds
    }
  }

  /// A coded access unit, or coded sound, to be copied.
  func unit(_ unit: LiveUnit) {
    let size = unit.bytes.count
    put(.unit(unit)) { queue in
      queue.bytes += size
      return queue.bytes <= LiveSink.mostBytes
    }
  }

  /// How long the stages took for the latest picture.
  func note(_ timings: LiveTimings) { queue.withLock { $0.timings = timings } }

  /// The source has ended: that is heard even of one that was told to.
  func end(_ error: RecorderError?) {
    queue.withLock { $0.events.append(.ended(error)) }
    wake.ring()
  }

  private func put(_ event: consuming Event, _ fits: (inout Queue) -> Bool) {
    guard !isStopped else { return }
    let event = event
    queue.withLock { queue in
      if fits(&queue) { queue.events.append(event) } else { queue.dropped += 1 }
    }
    wake.ring()
  }

  /// Takes all that waits, in the order in which it came; how many deliveries did not fit since the last call, and the
  /// latest timings.
  func take() -> (events: [Event], dropped: Int, timings: LiveTimings?) {
    queue.withLock { queue in
      let taken = queue
      queue = Queue(timings: taken.timings)
      return (taken.events, taken.dropped, taken.timings)
    }
  }
}
