import Testing

@testable import Recorder

@Suite struct MuxRateTests {
  /// Pictures of one size, 25 a second.
  private func pictures(_ count: Int, size: Int) -> [ElementaryPacket] {
    (0..<count).map { index in
      let pts = HouseTime.lead + Int64(index) * 3600
      return ElementaryPacket(
        stream: 0, pts: pts, dts: pts - HouseTime.reorder, isKey: index == 0, size: size, payloads: [])
    }
  }

  @Test func littleContentTakesTheLowestRate() {
    #expect(MuxRate.search(pictures(100, size: 100), duration: 360_000) == MuxRate.lowest)
  }

  /// 20,000 bytes 25 times a second are 4 Mbit/s; packets' headers and tables come on top, and not much else.
  @Test func aSteadyStreamTakesWhatItIs() throws {
    let packets = pictures(250, size: 20_000)
    let rate = try #require(MuxRate.search(packets, duration: 900_000))
    #expect((4_100_000...4_700_000).contains(rate))
    #expect(MuxRate.serves(rate, packets, 900_000))
    #expect(!MuxRate.serves(rate * 98 / 100, packets, 900_000))
  }

  /// One great picture has the time from `lead` to `margin` before its DTS, and no more.
  @Test func aPeakIsSpreadOverTheLead() throws {
    var packets = pictures(250, size: 1_000)
    packets[100].size = 500_000
    let rate = try #require(MuxRate.search(packets, duration: 900_000))
    #expect((5_000_000...6_000_000).contains(rate))
  }

  @Test func everythingLeavesWithinTheProgramme() throws {
    var packets = pictures(50, size: 1_000)
    packets[49].size = 300_000
    let rate = try #require(MuxRate.search(packets, duration: 180_000))
    // The last picture may leave from lead before its DTS on: 0.24 s before the end.
    #expect(rate > 10_000_000)
  }

  @Test func whatIsTooMuchIsToldSo() {
    #expect(MuxRate.search(pictures(10, size: 100_000_000), duration: 36_000) == nil)
  }

  @Test func sendOrderFollowsDecodingTimes() {
    func packet(_ stream: Int, _ dts: Int64) -> ElementaryPacket {
      ElementaryPacket(stream: stream, pts: dts, dts: dts, isKey: true, size: 1, payloads: [])
    }
    let merged = SendOrder.merge([[packet(0, 10), packet(0, 30)], [packet(1, 5), packet(1, 30), packet(1, 31)], []])
    #expect(merged.map(\.stream) == [1, 0, 0, 1, 1])
    #expect(merged.map(\.dts) == [5, 10, 30, 30, 31])
  }
}
