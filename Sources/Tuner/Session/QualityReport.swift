import Reception
import Wire

extension ReceptionFigures {
  /// What the server is told once a second, and the viewer is shown.
  var quality: Quality {
    let second = second ?? ReceptionMeter.Second()
    // What was measured of multicast says nothing of a stream.
    let measured = path == .multicast ? second : ReceptionMeter.Second()
    return Quality(
      path: path, repaired: repaired, late: late, reordered: reordered, duplicated: duplicates,
      jitter: measured.jitter, delayFactor: measured.delayFactor, mediaLossRate: second.mediaLossRate,
      clockJitter: measured.clockJitter, delay: measured.delay, buffer: buffer)
  }
}

/// When one of the servers is told how reception goes: once a second, or as seldom as it wants.
struct ReportPace: Sendable {
  /// Seconds between two reports.
  private(set) var interval = 1
  /// Steady nanoseconds.
  private var last: Int64?

  /// The least and the most that a server may ask for, in seconds: connections that say nothing for 300 s are ended.
  private static let bounds = 1...120

  /// The server wants a report every so many seconds.
  mutating func set(_ every: Int) { interval = max(Self.bounds.lowerBound, min(every, Self.bounds.upperBound)) }

  /// Whether it is time; then it counts as done. Steady nanoseconds.
  mutating func isDue(at now: Int64) -> Bool {
    // To be asked four times a second: none is late by that.
    if let last, now - last < Int64(interval) * 1_000_000_000 - 100_000_000 { return false }
    last = now
    return true
  }
}
