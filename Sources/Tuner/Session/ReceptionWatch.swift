import LinuxIO
import Reception
import Wire

/// Looks at the receiver's figures a few times a second: the rate, and whether there is anything to tell the viewer, each
/// thing once.
struct ReceptionWatch {
  enum News: Equatable {
    /// Nothing has come for three seconds.
    case silent
    /// The player has taken nothing for three seconds, although there is something for it.
    case paused
    /// Something comes again.
    case back
    /// All of it comes over the stream connection, for multicast brings nothing.
    case stream
    /// Multicast brings it again.
    case multicast
    /// A source sends other datagrams than the rest: which of the tuning's.
    case outOfStep(Int)
    /// Nothing can be received.
    case fault(SystemError)
  }

  /// How long nothing may arrive, in nanoseconds.
  static let patience: Int64 = 3_000_000_000

  /// A look that comes so long after the one before, in nanoseconds, is that of a tuner that was stopped itself.
  private static let absence: Int64 = 4_000_000_000

  /// bit/s over the last second.
  private(set) var bitrate = 0
  private let start: Int64
  private var isSilent = false
  /// Whether the player is paused, and until when it was: steady nanoseconds.
  private var isPaused = false
  private var pausedUntil: Int64
  private var fault: SystemError?
  private var path = ReceptionPath.waiting
  /// When it was looked last, and since when that has been going on without a break: steady nanoseconds.
  private var looked: Int64
  private var awakeSince: Int64
  /// The sources that were said to be out of step, a bit each.
  private var outOfStep: UInt8 = 0
  private var measured: (date: Int64, bytes: UInt64)

  /// - Parameter now: when the station was tuned to, in steady nanoseconds.
  init(now: Int64) {
    start = now
    pausedUntil = now
    (looked, awakeSince) = (now, now)
    measured = (now, 0)
  }

  mutating func update(_ figures: ReceptionFigures, now: Int64) -> News? {
    if now - looked > Self.absence { awakeSince = now }
    looked = now
    let passed = now - measured.date
    if passed >= 1_000_000_000 {
      let bits = Double(figures.bytes >= measured.bytes ? figures.bytes - measured.bytes : 0) * 8
      bitrate = Int(bits * 1e9 / Double(passed))
      measured = (now, figures.bytes)
    }
    if figures.fault != fault {
      fault = figures.fault
      if let fault { return .fault(fault) }
    }
    outOfStep &= figures.outOfStep
    let fresh = figures.outOfStep & ~outOfStep
    if fresh != 0 {
      outOfStep |= 1 << UInt8(fresh.trailingZeroBitCount)
      return .outOfStep(fresh.trailingZeroBitCount)
    }
    if !isSilent, figures.path != path, figures.path != .waiting {
      defer { path = figures.path }
      if figures.path == .stream { return .stream }
      if path == .stream { return .multicast }
    }
    let paused = figures.idleSince.map { now - max($0, awakeSince) > Self.patience } ?? false
    defer { isPaused = paused }
    // Of what is past nothing more is fetched then: that is no silence.
    if paused { pausedUntil = now }
    if paused, !isPaused, !isSilent { return .paused }
    let silent = now - max(figures.lastArrival ?? start, pausedUntil, awakeSince) > Self.patience
    defer { isSilent = silent }
    guard silent != isSilent else { return nil }
    return silent ? .silent : .back
  }

  func state(_ figures: ReceptionFigures) -> SessionStatus.State {
    if isSilent { return .silent }
    if isPaused { return .paused }
    return figures.isPlaying ? .playing : .waiting
  }

  /// Seconds since the station was tuned to.
  func seconds(at now: Int64) -> Double { Double(now - start) / 1e9 }
}

extension Tuning {
  /// What viewers are told of a source: its server's address, or its group.
  func sender(_ source: Int) -> String {
    guard sources.indices.contains(source) else { return "another server" }
    return printable(sources[source].server?.address ?? sources[source].group)
  }
}
