import TSBytes
import Testing

@testable import Reception

struct SpliceTests {
  private func spliced(
    _ datagrams: [[UInt8]], radio: Bool = false, stamp: inout ContinuityStamp
  ) -> [UInt8] {
    var queue = DatagramQueue(capacity: 64)
    var splice = Splice(pmt: 0x1000, access: radio ? 0x101 : 0x100, isRadio: radio)
    for datagram in datagrams { splice.accept(datagram.span, stamp: &stamp, into: &queue) }
    return drained(&queue)
  }

  @Test func outputBeginsWithTablesAndARandomAccessPoint() {
    var stamp = ContinuityStamp()
    let first =
      TSBytes.packet(0x100, counter: 1, unit: true, fill: 1) + TSBytes.packet(0, counter: 4, unit: true, fill: 2)
      + TSBytes.packet(0x1000, counter: 5, unit: true, fill: 3) + TSBytes.packet(0x101, counter: 6, unit: true, fill: 4)
    let second =
      TSBytes.packet(0x101, counter: 7, fill: 5)
      + TSBytes.packet(0x100, counter: 2, unit: true, access: true, fill: 6)
      + TSBytes.packet(0x101, counter: 8, fill: 7) + TSBytes.packet(0x100, counter: 3, fill: 8)
      + TSBytes.packet(0x101, counter: 9, unit: true, fill: 9) + TSBytes.packet(0x101, counter: 10, fill: 10)
    // Sound goes in only from its first whole PES packet on (fill 9).
    #expect(
      TSBytes.summary(spliced([first, second], stamp: &stamp))
        == ["0:4:2", "4096:5:3", "256:2:6", "256:3:8", "257:9:9", "257:10:10"])
  }

  @Test func nothingComesOutWithoutTablesOrAccessPoint() {
    var stamp = ContinuityStamp()
    let access = TSBytes.packet(0x100, counter: 0, unit: true, access: true)
    let pat = TSBytes.packet(0, counter: 0, unit: true)
    let pmt = TSBytes.packet(0x1000, counter: 0, unit: true)
    let plain = TSBytes.packet(0x100, counter: 0, unit: true)
    #expect(spliced([access, access], stamp: &stamp).isEmpty)
    #expect(spliced([pat, access], stamp: &stamp).isEmpty)
    #expect(spliced([pmt, access], stamp: &stamp).isEmpty)
    #expect(spliced([pat, pmt, plain], stamp: &stamp).isEmpty)
    #expect(!spliced([pat, pmt, access], stamp: &stamp).isEmpty)
  }

  @Test func radioBeginsWithItsSound() {
    var stamp = ContinuityStamp()
    let datagram =
      TSBytes.packet(0, counter: 0, unit: true) + TSBytes.packet(0x1000, counter: 0, unit: true)
      + TSBytes.packet(0x101, counter: 3) + TSBytes.packet(0x101, counter: 4, unit: true, fill: 1)
    #expect(TSBytes.summary(spliced([datagram], radio: true, stamp: &stamp)) == ["0:0:0", "4096:0:0", "257:4:1"])
  }

  @Test func aPMTOfTwoPacketsIsKeptWhole() {
    var stamp = ContinuityStamp()
    let datagrams = [
      TSBytes.packet(0x1000, counter: 1, unit: true, fill: 9) + TSBytes.packet(0x1000, counter: 2, fill: 9),
      TSBytes.packet(0, counter: 0, unit: true, fill: 1) + TSBytes.packet(0x1000, counter: 3, unit: true, fill: 2)
        + TSBytes.packet(0x1000, counter: 4, fill: 3)
        + TSBytes.packet(0x100, counter: 0, unit: true, access: true, fill: 4),
    ]
    #expect(TSBytes.summary(spliced(datagrams, stamp: &stamp)) == ["0:0:1", "4096:3:2", "4096:4:3", "256:0:4"])
  }

  @Test func brokenPacketsAreLeftOut() {
    var stamp = ContinuityStamp()
    var bad = TSBytes.packet(0x100, counter: 1)
    bad[0] = 0x46
    let start = TSBytes.packet(0, counter: 0, unit: true) + TSBytes.packet(0x1000, counter: 0, unit: true)
    let access = TSBytes.packet(0x100, counter: 0, unit: true, access: true)
    let out = spliced([start + access, bad + TSBytes.packet(0x100, counter: 2), [0x47, 1, 2]], stamp: &stamp)
    #expect(TSBytes.summary(out) == ["0:0:0", "4096:0:0", "256:0:0", "256:2:0"])
  }

  @Test func countersGoOnOverAChangeOfStation() {
    var stamp = ContinuityStamp()
    func station(_ first: Int) -> [[UInt8]] {
      [
        TSBytes.packet(0, counter: first, unit: true) + TSBytes.packet(0x1000, counter: first + 7, unit: true)
          + TSBytes.packet(0x100, counter: first + 3, unit: true, access: true)
          + TSBytes.packet(0x100, counter: first + 3, payload: false)
          + TSBytes.packet(0x100, counter: first + 4) + TSBytes.packet(0x101, counter: first + 9, unit: true),
        TSBytes.packet(0x11, counter: first, unit: true) + TSBytes.packet(0x100, counter: first + 5)
          + TSBytes.packet(0x101, counter: first + 10),
      ]
    }
    var out: [UInt8] = []
    for first in [0, 13, 5, 5, 11] {
      stamp.splice()
      out += spliced(station(first), stamp: &stamp)
    }
    #expect(out.count == 5 * 9 * 188)
    #expect(TSBytes.continuityErrors(out) == [])
  }

  @Test func aLossWithinAStationStillShows() {
    var stamp = ContinuityStamp()
    let start = TSBytes.packet(0, counter: 0, unit: true) + TSBytes.packet(0x1000, counter: 0, unit: true)
    let access = TSBytes.packet(0x100, counter: 0, unit: true, access: true)
    let out = spliced([start + access, TSBytes.packet(0x100, counter: 2)], stamp: &stamp)
    #expect(TSBytes.continuityErrors(out) == ["256: 0 then 2"])
  }

  @Test func everyStreamEndsBeforeItsNextPESPacket() {
    var stamp = ContinuityStamp()
    var queue = DatagramQueue(capacity: 64)
    var splice = Splice(pmt: 0x1000, access: 0x100, isRadio: false)
    let before =
      TSBytes.packet(0, counter: 0, unit: true) + TSBytes.packet(0x1000, counter: 0, unit: true)
      + TSBytes.packet(0x100, counter: 0, unit: true, access: true) + TSBytes.packet(0x101, counter: 0, unit: true)
    splice.accept(before.span, stamp: &stamp, into: &queue)
    splice.close()
    var isClosed = splice.isClosed
    #expect(!isClosed)
    _ = drained(&queue)
    let after =
      TSBytes.packet(0x100, counter: 1) + TSBytes.packet(0x101, counter: 1, unit: true)
      + TSBytes.packet(0x101, counter: 2) + TSBytes.packet(0x100, counter: 2)
      + TSBytes.packet(0x102, counter: 0, unit: true)
    splice.accept(after.span, stamp: &stamp, into: &queue)
    #expect(TSBytes.summary(drained(&queue)) == ["256:1:0", "256:2:0"])
    isClosed = splice.isClosed
    #expect(!isClosed)
    splice.accept(TSBytes.packet(0x100, counter: 3, unit: true, access: true).span, stamp: &stamp, into: &queue)
    isClosed = splice.isClosed
    #expect(drained(&queue).isEmpty && isClosed)
    // Nor a clock whose counter follows a picture that is not there.
    splice.accept(TSBytes.packet(0x100, counter: 3, payload: false).span, stamp: &stamp, into: &queue)
    #expect(drained(&queue).isEmpty)
  }

  @Test func aStationThatNeverOpenedIsClosedAtOnce() {
    var splice = Splice(pmt: 0x1000, access: 0x100, isRadio: false)
    var isClosed = splice.isClosed
    #expect(!isClosed)
    splice.close()
    isClosed = splice.isClosed
    #expect(isClosed)
  }
}
