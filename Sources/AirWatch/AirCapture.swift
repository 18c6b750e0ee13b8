import TransportStream
import Wire

/// A station's datagrams as they stood on the air, in order: RTP packets, each behind its length (``RTPFrame``).
package struct AirCapture: Sendable {
  package struct Datagram: Sendable {
    /// Sequence number, unwrapped from the first one's.
    package let n: Int64
    /// RTP timestamp, unwrapped from the first one's: 90 kHz.
    package let timestamp: Int64
    /// Where its payload stands.
    let payload: Range<Int>
  }

  let bytes: [UInt8]
  package private(set) var datagrams: [Datagram] = []
  /// Sequence numbers between the first and the last that are not there, and those that came again or late.
  package private(set) var missing: Int64 = 0
  package private(set) var repeated = 0

  /// Reads what was written as frames; a frame that is cut off at the end is left out.
  package init(frames: [UInt8]) {
    bytes = frames
    let span = frames.span
    var at = 0
    while let packet = RTPFrame.packet(in: span, at: at) {
      at = packet.upperBound
      guard let (header, payload) = RTPHeader.parse(span.extracting(packet)) else { continue }
      let range = packet.lowerBound + payload.lowerBound..<packet.lowerBound + payload.upperBound
      guard let last = datagrams.last else {
        datagrams.append(Datagram(n: Int64(header.sequenceNumber), timestamp: Int64(header.timestamp), payload: range))
        continue
      }
      let step = Int64(Int16(truncatingIfNeeded: Int64(header.sequenceNumber) - last.n))
      guard step > 0 else {
        repeated += 1
        continue
      }
      missing += step - 1
      let later = Int64(Int32(truncatingIfNeeded: Int64(header.timestamp) - last.timestamp))
      datagrams.append(Datagram(n: last.n + step, timestamp: last.timestamp + later, payload: range))
    }
  }

  /// A date (Unix nanoseconds) less this datagram's own, the shorter way round its 32 bits: nanoseconds.
  func delay(of datagram: Datagram, at date: Int64) -> Int64 {
    let (seconds, rest) = date.flooredDivision(by: 1_000_000_000)
    let whole = Int64(Int32(truncatingIfNeeded: seconds * 90_000 - datagram.timestamp))
    return whole * 100_000 / 9 + rest
  }
}
