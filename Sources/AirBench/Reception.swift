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

  /// What is wrong when some of those listened to were not heard: silence loses nothing.
  ///
  /// - Parameter stations: how many were to be on the air.
  func fault(of stations: Int) -> String? {
    let expected = Reception.sample(of: stations).count
    return self.stations < expected ? "only \(self.stations) of \(expected) stations listened to were heard" : nil
  }
}

/// Listens to a few of the stations: so few that receiving does not crowd out sending. While they are listened to nothing
/// runs here at all: the kernel dates what comes and keeps it until the end.
struct Reception {
  private static let most = 5

  private let watches: [StationWatch]

  /// Which stations are listened to, from 0: the first, the last, and others evenly between them. A step that were a multiple
  /// of the clips' number would hear one clip only.
  static func sample(of stations: Int) -> [Int] {
    let sample = min(most, stations)
    return (0..<sample).map { $0 * (stations - 1) / max(1, sample - 1) }
  }

  /// Joins the sample's groups.
  init(stations: Int, encapsulation: Encapsulation, seconds: Double, _ lab: borrowing Lab) throws {
    watches = try lab.onReceiver {
      let interface = try NetworkInterface(Lab.receiver)
      return try Self.sample(of: stations).map { station in
        try StationWatch(
          group: Lab.group(station), port: Lab.port, interface: interface,
          encapsulation: encapsulation, seconds: seconds,
          // About 450 datagrams a second, for each of which the kernel reckons 2,304 bytes, and as much again.
          receiveBuffer: Int(seconds * 2_000_000))
      }
    }
  }

  /// Takes in what has come since.
  ///
  /// - Parameter end: Unix nanoseconds. What came later does not count: meanwhile this very program is busy, which disturbs
  ///   senders without a real-time priority.
  func heard(until end: Int64) throws -> Heard {
    for watch in watches { while try watch.listen(timeoutMilliseconds: 0, until: end) > 0 {} }
    let reports = watches.map { $0.report(until: end) }
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
