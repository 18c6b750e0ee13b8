import AirWatch
import FoundationEssentials
import LinuxIO

/// What was heard of a few stations. Milliseconds.
struct Heard: Codable {
  /// The stations' |arrival less PCR less the station's median|, all together.
  var error: Spread?
  /// PCRs that went into it.
  var clocks: Int
  /// The most datagrams of one station within 100 us.
  var largestBurst: Int
  /// Datagrams of a station a second, on average.
  var datagramsPerSecond: Double
  /// Bits of transport stream a second, on average.
  var bitrate: Double
  /// RTP sequence numbers missing; where there is no RTP, jumps of the continuity counters.
  var lost: Int
  /// Stations heard at all, of those listened to.
  var stations: Int
}

/// Listens to a few of the stations: so few that receiving does not crowd out sending. While they are listened to nothing
/// runs here at all: the kernel dates what comes and keeps it until the end.
struct Reception {
  static let sample = 5

  private let watches: [StationWatch]

  /// Joins the sample's groups, evenly spread over the stations.
  init(stations: Int, encapsulation: Encapsulation, seconds: Double, _ lab: borrowing Lab) throws {
    let sample = min(Self.sample, stations)
    watches = try lab.onReceiver {
      let interface = try NetworkInterface(Lab.receiver)
      return try (0..<sample).map { index in
        try StationWatch(
          group: Lab.group(index * stations / sample), port: Lab.port, interface: interface,
          encapsulation: encapsulation, seconds: seconds,
          // About 450 datagrams a second, for each of which the kernel reckons 2,304 bytes, and as much again.
          receiveBuffer: Int(seconds * 2_000_000))
      }
    }
  }

  /// Takes in what has come since.
  func heard() throws -> Heard {
    for watch in watches { while try watch.listen(timeoutMilliseconds: 0) > 0 {} }
    let reports = watches.map { $0.report(until: WallClock.now) }
    let drops = reports.reduce(0) { $0 + $1.kernelDrops }
    guard drops == 0 else {
      throw ToolError(description: "the receiver's own kernel dropped \(drops) datagrams: its buffers are too small")
    }
    let errors = watches.flatMap { Self.errors($0.log.lateness) }
    let rates = reports.compactMap { report -> Double? in
      guard let first = report.firstArrival, let last = report.lastArrival, last > first else { return nil }
      return Double(report.datagrams - 1) / (last - first)
    }
    return Heard(
      error: Spread(errors), clocks: errors.count, largestBurst: reports.map(\.bursts.largest).max() ?? 0,
      datagramsPerSecond: rates.reduce(0, +) / Double(max(1, rates.count)),
      bitrate: reports.map(\.stream.bitrate).reduce(0, +) / Double(max(1, reports.count)),
      lost: reports.reduce(0) { $0 + ($1.rtp?.lost ?? $1.stream.offences["continuity"] ?? 0) }, stations: rates.count)
  }

  /// How far each strays from the median of all: nanoseconds.
  static func errors(_ lateness: [Int64]) -> [Int64] {
    guard !lateness.isEmpty else { return [] }
    let median = lateness.sorted()[lateness.count / 2]
    return lateness.map { abs($0 - median) }
  }
}
