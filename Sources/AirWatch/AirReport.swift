import TransportStream

/// What was heard on one group. Dates are Unix seconds, durations milliseconds.
package struct StationReport: Codable, Sendable {
  package let group: String
  package let port: UInt16
  package let datagrams: Int
  /// Datagrams this machine's own kernel dropped: then every other figure is in doubt.
  package let kernelDrops: UInt64
  package let firstArrival: Double?
  package let lastArrival: Double?
  package let rtp: RTPReport?
  package let pace: Pace?
  package let bursts: Bursts
  package let longestSilence: Double?
  package let longestSilenceAfter: Double?
  package let stream: StreamReport

  /// One sentence for each thing that a station must not do and this one did.
  package let faults: [String]
}

package struct RTPReport: Codable, Sendable {
  package let firstSequence: UInt16?
  package let lastSequence: UInt16?
  package let ssrc: UInt32?
  package let wraps: Int
  package let lost: Int
  package let repeated: Int
  package let reordered: Int
  package let sourceChanges: Int
  package let wrongTimestamps: Int
  package let malformed: Int
  package let gaps: [SequenceCheck.Gap]

  init(_ check: SequenceCheck) {
    (firstSequence, lastSequence, ssrc, wraps) = (check.first, check.last, check.ssrc, check.wraps)
    (lost, repeated, reordered) = (check.lost, check.repeated, check.reordered)
    (sourceChanges, wrongTimestamps) = (check.sourceChanges, check.wrongTimestamps)
    (malformed, gaps) = (check.malformed, check.gaps)
  }

  var faults: [String] {
    let counts = [
      ("lost", lost), ("repeated", repeated), ("reordered", reordered), ("SSRC changed", sourceChanges),
      ("timestamp not PCR/300", wrongTimestamps), ("not RTP payload type 33", malformed),
    ]
    return counts.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)x" }
  }
}

/// Everything heard in one run.
package struct AirReport: Codable, Sendable {
  /// Seconds listened.
  package let seconds: Double
  package let stations: [StationReport]
  /// Of all stations together, as they share one wire.
  package let bursts: Bursts

  package init(seconds: Double, stations: [StationReport], bursts: Bursts) {
    (self.seconds, self.stations, self.bursts) = (seconds, stations, bursts)
  }

  package var isClean: Bool { stations.allSatisfy { $0.faults.isEmpty } }
}
