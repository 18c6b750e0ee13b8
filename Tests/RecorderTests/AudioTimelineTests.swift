import Testing

@testable import Recorder

@Suite struct AudioTimelineTests {
  /// 1024 samples at 48 kHz: 1920 counts of 90 kHz.
  let frame = AudioFrameLength(samples: 1024, rate: 48_000)
  let silence = Extent(offset: -1, size: 10)

  private func units(_ pts: [Int64]) -> [Unit] {
    pts.enumerated().map {
      Unit(pts: $1, duration: 0, isKey: true, payload: Extent(offset: Int64($0), size: 100))
    }
  }

  private func fit(_ pts: [Int64], start: Int64 = 0, duration: Int64?) -> [Unit] {
    AudioTimeline.fit(units(pts), length: frame, start: start, duration: duration, silence: silence)
  }

  @Test func primingAndOverlongSoundAreDropped() {
    let row = fit((-1..<10).map { $0 * 1920 }, duration: 5 * 1920 + 500)
    #expect(row.map(\.pts) == [0, 1920, 3840, 5760, 7680])
    #expect(row.map(\.payload.offset) == [1, 2, 3, 4, 5])
  }

  @Test func aLateStartIsFilled() {
    let row = fit([4000, 5920], duration: 7840)
    #expect(row.map(\.pts) == [160, 2080, 4000, 5920])
    #expect(row.map(\.payload.offset) == [-1, -1, 0, 1])
  }

  @Test func anEarlyEndIsFilled() {
    let row = fit([100, 2020], duration: 10_000)
    #expect(row.map(\.pts) == [100, 2020, 3940, 5860, 7780])
    #expect(row.map(\.payload.offset) == [0, 1, -1, -1, -1])
  }

  @Test func aHoleIsFilledAndASmallOneIsNot() {
    #expect(fit([0, 1920, 1920 * 5 + 300], duration: nil).map(\.pts) == [0, 1920, 3840, 5760, 7680, 9900])
    #expect(fit([0, 1920, 1920 * 3], duration: nil).map(\.pts) == [0, 1920, 5760])
  }

  @Test func overlapsAreDropped() {
    #expect(fit([0, 1920, 1930, 3840], duration: nil).map(\.payload.offset) == [0, 1, 3])
  }

  /// A container that counts in milliseconds: the row follows the samples.
  @Test func jitterIsSmoothedOut() {
    let row = fit([0, 1890, 3870, 5760, 7650], duration: nil)
    #expect(row.map(\.pts) == [0, 1920, 3840, 5760, 7680])
  }

  @Test func thirdsOfATickDoNotAddUp() {
    let odd = AudioFrameLength(samples: 1024, rate: 44_100)
    let exact = (0..<10_000).map { odd.ticks($0) }
    let row = AudioTimeline.fit(units(exact), length: odd, start: 0, duration: nil, silence: silence)
    #expect(row.map(\.pts) == exact)
    #expect(row.count == 10_000)
  }

  @Test func nothingButSilence() {
    #expect(fit([], duration: 6000).map(\.pts) == [0, 1920, 3840])
  }

  /// At a join of any two tapes the pause is shorter than two frames, and nothing overlaps.
  @Test(arguments: [0, 1, 700, 1919, 1920, 3000, 90_000], [20_000, 20_001, 21_119, 21_120, 33_333])
  func joins(offset: Int64, duration: Int64) throws {
    let row = fit((0..<20).map { offset + $0 * 1920 }, duration: duration)
    let first = try #require(row.first)
    let last = try #require(row.last)
    #expect((0..<1920).contains(first.pts))
    #expect(last.pts + 1920 <= duration + 2)
    #expect(duration - last.pts - 1920 < 1920)
  }

  @Test func packetsOfAFewFrames() {
    let packets = AudioTimeline.packets(fit((0..<12).map { $0 * 1920 }, duration: nil), stream: 1)
    #expect(packets.map(\.payloads.count) == [3, 3, 3, 3])
    #expect(packets.map(\.pts) == [81_000, 86_760, 92_520, 98_280])
    #expect(packets.map(\.size) == [300, 300, 300, 300])
    #expect(packets.allSatisfy { $0.isKey && $0.dts == $0.pts && $0.stream == 1 })
  }

  @Test func aPauseBeginsAPacket() {
    let packets = AudioTimeline.packets(fit([0, 1920, 1920 * 3], duration: nil), stream: 0)
    #expect(packets.map(\.pts) == [81_000, 86_760])
  }

  @Test func frameLengthsAreTakenFromTheTimestampsInDoubt() {
    let doubtful = AudioFrameLength(samples: 1024, rate: 48_000)
    #expect(doubtful.corrected(by: units((0..<20).map { $0 * 3840 })).samples == 2048)
    #expect(doubtful.corrected(by: units((0..<20).map { $0 * 1920 + $0 % 2 * 90 })).samples == 1024)
    #expect(AudioFrameLength(samples: 0, rate: 48_000).corrected(by: units((0..<20).map { $0 * 2880 })).samples == 1536)
  }
}
