import Testing

@testable import Recorder

/// Pictures with the given PTS (90 kHz), in decoding order; the first is a key frame.
private func pictures(_ pts: [Int64], duration: Int64 = 0) -> [Unit] {
  pts.enumerated().map { index, pts in
    Unit(pts: pts, duration: duration, isKey: index == 0, payload: Extent(offset: Int64(index), size: 100))
  }
}

/// What every tape owes the next: the same first DTS, and a last one that the next programme's first follows.
private func expectJoinable(_ timeline: PictureTimeline, sourceLocation: SourceLocation = #_sourceLocation) {
  let packets = timeline.packets
  #expect(packets.first?.dts == HouseTime.lead - HouseTime.reorder, sourceLocation: sourceLocation)
  #expect(packets.map(\.pts).min() == HouseTime.lead, sourceLocation: sourceLocation)
  #expect(zip(packets.dropFirst(), packets).allSatisfy { $0.dts > $1.dts }, sourceLocation: sourceLocation)
  #expect(packets.allSatisfy { $0.dts <= $0.pts }, sourceLocation: sourceLocation)
  let next = HouseTime.lead - HouseTime.reorder + timeline.duration
  #expect(packets.allSatisfy { $0.dts < next }, sourceLocation: sourceLocation)
  #expect(packets.allSatisfy { $0.pts < HouseTime.lead + timeline.duration }, sourceLocation: sourceLocation)
}

@Suite struct PictureTimelineTests {
  @Test func withoutReordering() throws {
    let timeline = try #require(PictureTimeline(pictures([900, 4500, 8100], duration: 3600), usual: 3600))
    #expect(timeline.start == 900)
    #expect(timeline.duration == 10_800)
    #expect(timeline.packets.map(\.pts) == [81_000, 84_600, 88_200])
    #expect(timeline.packets.map(\.dts) == [63_000, 66_600, 70_200])
    expectJoinable(timeline)
  }

  @Test func reorderedPictures() throws {
    // I P B B P B B in decoding order: 0 3 1 2 6 4 5.
    let timeline = try #require(
      PictureTimeline(pictures([0, 3, 1, 2, 6, 4, 5].map { $0 * 3600 }, duration: 3600), usual: 3600))
    #expect(timeline.duration == 7 * 3600)
    #expect(timeline.packets.map(\.dts) == (0..<7).map { 63_000 + $0 * 3600 })
    #expect(timeline.reordering == 3600)
    #expect(timeline.longestPause == 3600)
    expectJoinable(timeline)
  }

  /// Four pictures a second, reordered over two: more time than the house allows.
  @Test func reorderedOverMoreThanTheAllowance() throws {
    let timeline = try #require(
      PictureTimeline(pictures([0, 4, 2, 1, 3, 8, 6, 5, 7].map { $0 * 22_500 }, duration: 22_500), usual: 22_500))
    expectJoinable(timeline)
  }

  /// Slow pictures first, fast ones at the end: DTS made with a fixed delay would run into the next programme.
  @Test func variableFrameRate() throws {
    let times: [Int64] = [0, 27_000, 9_000, 18_000, 31_500, 28_500, 30_000, 36_000, 33_000, 34_500]
    expectJoinable(try #require(PictureTimeline(pictures(times), usual: 3600)))
  }

  @Test func leadingPicturesAreLeftOut() throws {
    var units = pictures([7200, 10_800, 3600, 18_000, 14_400], duration: 3600)
    units.insert(Unit(pts: 0, duration: 3600, isKey: false, payload: Extent(offset: 99, size: 1)), at: 0)
    let timeline = try #require(PictureTimeline(units, usual: 3600))
    #expect(timeline.start == 7200)
    #expect(timeline.packets.count == 4)
    expectJoinable(timeline)
  }

  @Test func equalTimesAreDrawnApart() throws {
    let timeline = try #require(PictureTimeline(pictures([0, 3600, 3600, 7200], duration: 3600), usual: 3600))
    #expect(timeline.packets.map(\.pts) == [81_000, 84_600, 84_601, 88_200])
    expectJoinable(timeline)
  }

  @Test func oneUsualPictureWhereNothingTells() throws {
    #expect(try #require(PictureTimeline(pictures([5]), usual: 3600)).duration == 3600)
  }

  @Test func aLastPictureIsNotHeldForEver() throws {
    #expect(try #require(PictureTimeline(pictures([0], duration: 1 << 40), usual: 3600)).duration == 900_000)
  }

  @Test func nothingToBeginWith() {
    var units = pictures([0, 3600])
    units[0].isKey = false
    #expect(PictureTimeline(units, usual: 3600) == nil)
    #expect(PictureTimeline([], usual: 3600) == nil)
  }
}
