import TSBytes
import Testing

@testable import Reception

struct PlainReceptionTests {
  private static let start =
    TSBytes.packet(0, counter: 0, unit: true) + TSBytes.packet(0x1000, counter: 0, unit: true)
    + TSBytes.packet(0x100, counter: 0, unit: true, access: true)

  @Test func rtpComesOffAndOrderIsRestored() {
    var stamp = ContinuityStamp()
    var queue = DatagramQueue(capacity: 16)
    var reception = PlainReception(TSBytes.tuning())
    let datagrams = [
      TSBytes.rtp(65535, Self.start), TSBytes.rtp(1, TSBytes.packet(0x100, counter: 2)),
      TSBytes.rtp(0, TSBytes.packet(0x100, counter: 1)), TSBytes.rtp(0, TSBytes.packet(0x100, counter: 1)),
    ]
    for datagram in datagrams { reception.accept(datagram.span, now: 5, stamp: &stamp, into: &queue) }
    #expect(TSBytes.summary(drained(&queue)) == ["0:0:0", "4096:0:0", "256:0:0", "256:1:0", "256:2:0"])
    let figures = reception.figures
    #expect((figures.received, figures.lost, figures.duplicates, figures.foreign) == (3, 0, 1, 0))
    #expect(figures.isPlaying && figures.lastArrival == 5)
  }

  @Test func foreignDatagramsAreCountedAndLeftOut() {
    var stamp = ContinuityStamp()
    var queue = DatagramQueue(capacity: 16)
    var reception = PlainReception(TSBytes.tuning())
    let datagrams: [[UInt8]] = [
      [], [0x80], TSBytes.rtp(1, Self.start, ssrc: 2), Self.start, TSBytes.rtp(1, []),
      TSBytes.rtp(1, [UInt8](repeating: 0x47, count: 187)), TSBytes.rtp(1, [UInt8](repeating: 0x00, count: 188)),
      TSBytes.rtp(1, [UInt8](repeating: 0x47, count: 8 * 188)),
    ]
    for datagram in datagrams { reception.accept(datagram.span, now: 5, stamp: &stamp, into: &queue) }
    #expect(reception.figures.foreign == 8)
    #expect(reception.figures.received == 0 && reception.figures.lastArrival == nil && queue.count == 0)
  }

  @Test func bareUDPGoesStraightThrough() {
    var stamp = ContinuityStamp()
    var queue = DatagramQueue(capacity: 16)
    var reception = PlainReception(TSBytes.tuning(encapsulation: .udp))
    reception.accept(Self.start.span, now: 5, stamp: &stamp, into: &queue)
    #expect(TSBytes.summary(drained(&queue)) == ["0:0:0", "4096:0:0", "256:0:0"])
    #expect(reception.figures.received == 1 && reception.figures.isPlaying)
  }

  @Test func aPlayerIsKeptWhereTheStreamsAreTheSame() {
    let station = TSBytes.tuning()
    #expect(station.continues(TSBytes.tuning(2)))
    #expect(!station.continues(TSBytes.tuning(2, codec: "hevc")))
    #expect(!station.continues(TSBytes.tuning(2, radio: true)))
    var relanguaged = TSBytes.tuning(3)
    relanguaged.audio[0].language = "fra"
    #expect(station.continues(relanguaged))
    relanguaged.audio.append(relanguaged.audio[0])
    #expect(!station.continues(relanguaged))
  }
}
