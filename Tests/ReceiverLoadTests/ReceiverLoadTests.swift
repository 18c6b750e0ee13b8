import Reception
import Testing

import enum TSBytes.TSBytes

@testable import ReceiverLoad

struct ReceiverLoadTests {
  /// A member that nothing connects; what comes out of it is told by hand.
  func member(seed: UInt64 = 1) -> CrowdMember {
    CrowdMember(
      reception: BareReception(TSBytes.tuning(), server: StreamServer(address: "127.0.0.1", port: 1), now: 0),
      generator: SplitMix(state: seed))
  }

  /// The first numbers of SplitMix64 from 0, as its authors' program prints them.
  @Test func theGeneratorIsSplitMix64() {
    var generator = SplitMix(state: 0)
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
    #expect(generator.next() == 0x06C4_5D18_8009_454F)
  }

  @Test(arguments: [0.0, 2, 10, 50, 100]) func losesWhatItIsTold(_ loss: Double) {
    var member = member(seed: 7)
    let threshold = CrowdMember.threshold(loss: loss)
    for _ in 0..<20_000 { _ = member.drops(threshold) }
    // Four standard deviations.
    let expected = 200 * loss
    let tolerance = 4 * (expected * (1 - loss / 100)).squareRoot()
    #expect(abs(Double(member.dropped) - expected) <= tolerance, "\(member.dropped) for \(expected)")
  }

  @Test func countsWhatItWentOnWithout() {
    var member = member()
    for n: Int64 in [65_530, 65_531, 65_535, 65_536, 70_000] { member.gave(out: n, .same) }
    #expect(member.delivered == 5 && member.missing == 3 + 4463 && member.last == 70_000)
  }

  /// Until the server has told the numbers, there are 16 bits of them.
  @Test func theNumbersThatTheServerTellsGoOn() {
    var member = member()
    for n: Int64 in [9, 10, 11 + 5 * 65_536, 12 + 5 * 65_536] { member.gave(out: n, .same) }
    #expect(member.missing == 0)
  }

  @Test func comparesWithWhatWasOnTheAir() {
    var air = HeardAir()
    air.keep(5, [1, 2, 3])
    #expect(air.verdict(5, [1, 2, 3].span) == .same)
    #expect(air.verdict(5 + 65_536, [1, 2, 3].span) == .same)
    #expect(air.verdict(5, [1, 2, 4].span) == .other)
    #expect(air.verdict(5, [1, 2].span) == .other)
    #expect(air.verdict(6, [1, 2, 3].span) == .unheard)
    // Another one in its place.
    air.keep(UInt16(5 + HeardAir.kept), [9])
    #expect(air.verdict(5, [1, 2, 3].span) == .unheard)
    #expect(air.count == 2)
  }

  @Test func reportsAllOfThem() {
    var members = [member(), member(), member(), member()]
    for n: Int64 in 1000..<2000 {
      members[0].gave(out: n, .same)
      // One that lacks two, one that got something else, one that stopped.
      if n != 1500, n != 1600 { members[1].gave(out: n, .same) }
      members[2].gave(out: n, n == 1700 ? .other : .unheard)
      if n < 1600 { members[3].gave(out: n, .same) }
    }
    _ = members[1].drops(.max)
    let report = LoadReport(members, came: 1000, kernelDrops: 0)
    #expect(report.receivers == 4 && report.whole == 1 && report.connected == 0)
    #expect(report.delivered == 1000 + 998 + 1000 + 600 && report.dropped == 1)
    #expect(report.missing == 2 && report.wrong == 1 && report.unseen == 999)
    #expect(!report.isFlawless)
  }

  @Test func whoGotNothingIsNotWhole() {
    let report = LoadReport([member()], came: 1000, kernelDrops: 0)
    #expect(report.whole == 0 && !report.isFlawless)
  }
}
