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
}
