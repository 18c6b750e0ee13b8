import Glibc
import TSBytes
import Testing
import Wire

@testable import Reception

struct BareShelfTests {
  /// Somebody else sends to the group of a fast station: all of that waits on the shelf, and marks come and come.
  @Test func whatIsOnTheShelfIsHeldAgainstNewMarksOnly() {
    var tuning = TSBytes.tuning(encapsulation: .udp)
    tuning.station.bitrate = 200_000_000
    tuning.sources[0].server = StreamServer(address: "10.0.0.1", port: 9966)
    var reception = StationReception(tuning, now: 0)
    _ = reception.opening(for: 0)
    let date = 1_795_359_872.0
    reception.opened(
      StreamReply(station: 1, ssrc: 1, first: 1000, date: date, next: 1000, now: date, earliest: 0), by: 0, now: 1)
    var packet = TSBytes.packet(0x100, counter: 0)
    for index in 0..<8192 {
      for byte in 0..<4 { packet[10 + byte] = UInt8(truncatingIfNeeded: index >> (8 * byte)) }
      reception.datagram(packet.span, by: 0, arrival: 0, now: 2)
    }
    // The last of them is the station's.
    let digest = MarkFrame.digest(packet.span)
    let began = clock()
    for row in 0..<32 {
      let marks = (0..<256).map { index in
        MarkFrame.Mark(
          timestamp: UInt32(truncatingIfNeeded: Int64(date * 90_000) + Int64(row * 256 + index)),
          digest: row == 31 && index == 99 ? digest : UInt64(row * 256 + index))
      }
      let frame = MarkFrame.bytes(first: Int64(1000 + row * 256), ssrc: 1, marks)
      reception.frame(frame.span.extracting(2..<frame.count), by: 0, now: 3)
    }
    // Seconds of the processor: a tenth or so, and ten times the limit if each were looked for among all marks.
    #expect(Double(clock() - began) / 1e6 < 3)
    let figures = reception.figures
    #expect(figures.received == 1 && reception.bare.shelf.entries.count == 8191)
  }
}
