import LibAV
import Testing

@testable import Recorder

@Suite struct SourceClockTests {
  @Test func ordinaryTimesStay() {
    var clock = SourceClock(mayJump: true)
    #expect(clock.note(1_000_000, stream: 0, duration: 3600) == 0)
    #expect(clock.note(1_003_600, stream: 0, duration: 3600) == 0)
    #expect(clock.note(890_000, stream: 1, duration: 3600) == 0)
    #expect(clock.note(1_700_000, stream: 0, duration: 3600) == 0)
  }

  @Test func aJumpIsTakenOut() {
    var clock = SourceClock(mayJump: true)
    _ = clock.note(8_000_000, stream: 0, duration: 3600)
    let shift = clock.note(100, stream: 0, duration: 3600)
    #expect(shift == 8_003_500)
    #expect(clock.note(3700, stream: 0, duration: 3600) == shift)
    #expect(clock.note(100_000_000, stream: 0, duration: 3600) < 0)
    #expect(abs(clock.position - 0.12) < 0.001)
  }

  @Test func otherFormatsMayPauseButNotForDays() {
    var clock = SourceClock(mayJump: false)
    _ = clock.note(0, stream: 0, duration: 3600)
    #expect(clock.note(90_000 * 3_000, stream: 0, duration: 3600) == 0)
    #expect(clock.note(90_000 * 86_400, stream: 0, duration: 3600) != 0)
    #expect(clock.note(.max, stream: 0, duration: .max) != 0)
    #expect(clock.note(.min, stream: 0, duration: 0) != 0)
  }

  @Test func aStreamDoesNotGoBack() {
    var clock = SourceClock(mayJump: true)
    for count in 0..<50 { #expect(clock.note(Int64(count) * 3600, stream: 0, duration: 3600) == 0) }
    #expect(clock.note(0, stream: 0, duration: 3600) == 50 * 3600)
    #expect(clock.note(3600, stream: 0, duration: 3600) == 50 * 3600)
  }

  /// The times of a packet after its correction, milliseconds in and out.
  private func corrected(
    _ clock: inout SourceClock, pts: Int64, dts: Int64, duration: Int64 = 0
  ) throws -> (pts: Int64?, dts: Int64?, duration: Int64) {
    let stream = StreamDescription(index: 0, kind: .audio, codec: "ac3", timeBase: Rational(1, 1_000))
    var packet = try Packet()
    try packet.fill([0].span, streamIndex: 0, pts: pts, dts: dts, isKey: true)
    packet.duration = duration
    clock.correct(&packet, stream)
    return (packet.pts, packet.dts, packet.duration)
  }

  @Test func timesThatNobodyCanMeanAreForgotten() throws {
    var clock = SourceClock(mayJump: false)
    #expect(try corrected(&clock, pts: 40, dts: 0, duration: 40) == (40, 0, 40))
    // Out of 64 bits at 90 kHz; out of reason; and far from when the packet is decoded.
    #expect(try corrected(&clock, pts: 1 << 62, dts: 1 << 62, duration: .max) == (nil, nil, 0))
    #expect(try corrected(&clock, pts: -(1 << 50), dts: -(1 << 50), duration: 1 << 50) == (nil, nil, 0))
    #expect(try corrected(&clock, pts: 7_200_000, dts: 40) == (nil, 40, 0))
    #expect(try corrected(&clock, pts: 120, dts: 80, duration: 40) == (120, 80, 40))
  }
}
