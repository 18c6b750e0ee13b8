import Wire

/// What one receiver last said of its reception, within bounds: sums of what strangers say must be numbers still.
struct ReceiverReport: Sendable {
  let station: Int
  /// Since the join.
  let received: UInt64
  let lost: UInt64
  /// Bit/s.
  let bitrate: Int
  let quality: Quality?
  /// What has happened since the report before this one.
  let recent: (received: UInt64, repaired: UInt64, lost: UInt64)
  /// Steady seconds.
  let date: Double
  /// Until when it says something of the present.
  private let expiry: Double

  /// A receiver that has not reported for so long, in seconds, or twice as long as it should have, says nothing any more.
  private static let memory = 5.0
  private static let mostDatagrams: UInt64 = 1 << 48
  private static let longestTime = 60_000_000

  /// - Parameters:
  ///   - former: the report before.
  ///   - now: steady seconds.
  ///   - expected: seconds until the next one.
  init(_ report: ClientMessage.Report, after former: ReceiverReport?, at now: Double, expected: Double) {
    station = report.station
    received = min(report.received, Self.mostDatagrams)
    lost = min(report.lost, Self.mostDatagrams)
    bitrate = max(0, min(report.bitrate, 1 << 40))
    quality = report.quality.map(Self.bounded)
    date = now
    expiry = now + max(Self.memory, 2.5 * expected)
    let grown: (UInt64, UInt64?) -> UInt64 = { $0 >= $1 ?? 0 ? $0 - ($1 ?? 0) : $0 }
    recent = (
      grown(received, former?.received), grown(quality?.repaired ?? 0, former?.quality?.repaired),
      grown(lost, former?.lost)
    )
  }

  func isFresh(at now: Double) -> Bool { now <= expiry }

  private static func bounded(_ quality: Quality) -> Quality {
    let count: (UInt64) -> UInt64 = { min($0, mostDatagrams) }
    let time: (Int) -> Int = { max(0, min($0, longestTime)) }
    return Quality(
      path: quality.path == .multicast || quality.path == .stream ? quality.path : .waiting,
      repaired: count(quality.repaired), late: count(quality.late), reordered: count(quality.reordered),
      duplicated: count(quality.duplicated), jitter: time(quality.jitter), delayFactor: time(quality.delayFactor),
      mediaLossRate: max(0, min(quality.mediaLossRate, 1 << 32)), clockJitter: time(quality.clockJitter),
      delay: quality.delay.map { max(-60_000, min($0, 60_000)) }, buffer: quality.buffer.map(time))
  }
}

/// What the receivers of one station report, added up.
struct ReceptionTotals: Sendable {
  private var reports = 0
  private var streams = 0
  private var received: UInt64 = 0
  private var repaired: UInt64 = 0
  private var lost: UInt64 = 0
  private var jitter = 0
  private var worstJitter = 0
  private var jitters = 0
  private var delay = 0.0
  private var delays = 0

  mutating func add(_ report: ReceiverReport) {
    reports += 1
    received += report.recent.received
    repaired += report.recent.repaired
    lost += report.recent.lost
    guard let quality = report.quality else { return }
    if quality.path == .stream { streams += 1 }
    guard quality.path == .multicast else { return }
    jitters += 1
    jitter += quality.jitter
    worstJitter = max(worstJitter, quality.jitter)
    guard let delay = quality.delay else { return }
    delays += 1
    self.delay += delay
  }

  mutating func add(_ other: ReceptionTotals) {
    reports += other.reports
    streams += other.streams
    received += other.received
    repaired += other.repaired
    lost += other.lost
    jitters += other.jitters
    jitter += other.jitter
    worstJitter = max(worstJitter, other.worstJitter)
    delays += other.delays
    delay += other.delay
  }

  func summary(of station: Int) -> ReceptionSummary {
    ReceptionSummary(
      station: station, reports: reports, streams: streams, received: received, repaired: repaired, lost: lost,
      jitter: jitters > 0 ? jitter / jitters : 0, worstJitter: worstJitter,
      delay: delays > 0 ? (delay / Double(delays) * 100).rounded() / 100 : nil)
  }
}
