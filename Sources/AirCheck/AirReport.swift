import TransportStream

/// What was heard on one group. Dates are Unix seconds, durations milliseconds.
struct StationReport: Codable, Sendable {
  let group: String
  let port: UInt16
  let datagrams: Int
  /// Datagrams this machine's own kernel dropped: then every other figure is in doubt.
  let kernelDrops: UInt64
  let firstArrival: Double?
  let lastArrival: Double?
  let rtp: RTPReport?
  let pace: Pace?
  let bursts: Bursts
  let longestSilence: Double?
  let longestSilenceAfter: Double?
  let stream: StreamReport

  /// One sentence for each thing that a station must not do and this one did.
  let faults: [String]
}

struct RTPReport: Codable, Sendable {
  let firstSequence: UInt16?
  let lastSequence: UInt16?
  let ssrc: UInt32?
  let wraps: Int
  let lost: Int
  let repeated: Int
  let reordered: Int
  let sourceChanges: Int
  let wrongTimestamps: Int
  let malformed: Int
  let gaps: [SequenceCheck.Gap]

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
struct AirReport: Codable, Sendable {
  /// Seconds listened.
  let seconds: Double
  let stations: [StationReport]
  /// Of all stations together, as they share one wire.
  let bursts: Bursts

  var isClean: Bool { stations.allSatisfy { $0.faults.isEmpty } }
}
