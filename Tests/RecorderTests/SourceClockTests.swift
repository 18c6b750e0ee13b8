import Testing

@testable import Recorder

@Suite struct SourceClockTests {
  @Test func ordinaryTimesStay() {
    var clock = SourceClock(mayJump: true)
    #expect(clock.note(1_000_000, duration: 3600) == 0)
    #expect(clock.note(1_003_600, duration: 3600) == 0)
    #expect(clock.note(990_000, duration: 3600) == 0)
    #expect(clock.note(1_800_000, duration: 3600) == 0)
  }

  @Test func aJumpIsTakenOut() {
    var clock = SourceClock(mayJump: true)
    _ = clock.note(8_000_000, duration: 3600)
    let shift = clock.note(100, duration: 3600)
    #expect(shift == 8_003_500)
    #expect(clock.note(3700, duration: 3600) == shift)
    #expect(clock.note(100_000_000, duration: 3600) < 0)
    #expect(abs(clock.position - 0.12) < 0.001)
  }

  @Test func otherFormatsMayPauseButNotForDays() {
    var clock = SourceClock(mayJump: false)
    _ = clock.note(0, duration: 3600)
    #expect(clock.note(90_000 * 3_000, duration: 3600) == 0)
    #expect(clock.note(90_000 * 86_400, duration: 3600) != 0)
    #expect(clock.note(.max, duration: .max) != 0)
    #expect(clock.note(.min, duration: 0) != 0)
  }
}
