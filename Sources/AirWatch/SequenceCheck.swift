import Wire

/// The RTP headers of one station: sequence numbers without gaps, one source, timestamps that agree with the PCR
/// (RFC 3550 §5.1, RFC 2250 §2). Allocates nothing after its creation.
package struct SequenceCheck: Sendable {
  /// Where the numbers went on without some that were missing.
  package struct Gap: Codable, Hashable, Sendable {
    /// The first missing number.
    let from: UInt16
    let count: Int
    /// When the datagram after the gap came: Unix seconds.
    let time: Double
  }

  private(set) var first: UInt16?
  private(set) var last: UInt16?
  private(set) var ssrc: UInt32?
  private(set) var lost = 0
  private(set) var repeated = 0
  private(set) var reordered = 0
  private(set) var sourceChanges = 0
  private(set) var wraps = 0
  /// Timestamps that are not PCR / 300.
  private(set) var wrongTimestamps = 0
  /// Datagrams that are no RTP, or carry another payload type than 33.
  private(set) var malformed = 0
  private(set) var gaps: [Gap] = []

  private static let keptGaps = 20
  /// By sequence number: seen, in the half of the numbers up to the last one.
  private var seen = [Bool](repeating: false, count: 65_536)

  init() { gaps.reserveCapacity(SequenceCheck.keptGaps) }

  /// Takes in a header.
  ///
  /// - Parameters:
  ///   - pcr: the first PCR in the same datagram, 27 MHz.
  ///   - time: its arrival, Unix seconds.
  mutating func take(_ header: RTPHeader, pcr: UInt64?, at time: Double) {
    if header.payloadType != RTPHeader.mpegTS { malformed += 1 }
    if let ssrc, ssrc != header.ssrc { sourceChanges += 1 }
    ssrc = header.ssrc
    if let pcr, header.timestamp != UInt32(truncatingIfNeeded: pcr / 300) { wrongTimestamps += 1 }
    follow(header.sequenceNumber, at: time)
  }

  mutating func takeMalformed() { malformed += 1 }

  private mutating func follow(_ number: UInt16, at time: Double) {
    guard let last else {
      (first, last) = (number, number)
      seen[Int(number)] = true
      return
    }
    let step = number &- last
    if step == 0 || step >= 0x8000 {
      if seen[Int(number)] {
        repeated += 1
      } else {
        // It had been counted as lost when the number after it came; before the first number nothing was.
        seen[Int(number)] = true
        reordered += 1
        lost = max(lost - 1, 0)
      }
      return
    }
    if number < last { wraps += 1 }
    for forward in 1...step {
      seen[Int(last &+ forward)] = forward == step
      seen[Int(last &+ forward &+ 0x8000)] = false
    }
    if step > 1 {
      lost += Int(step) - 1
      if gaps.count < SequenceCheck.keptGaps {
        gaps.append(Gap(from: last &+ 1, count: Int(step) - 1, time: time))
      }
    }
    self.last = number
  }
}
