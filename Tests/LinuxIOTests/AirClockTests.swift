import LinuxIO
import Testing

@Suite struct SlewedOffsetTests {
  static let second: Int64 = 1_000_000_000

  @Test func followsASteadyClockExactly() {
    var offset = SlewedOffset(nanoseconds: 500, steady: 0)
    offset.correct(steady: 1 * Self.second, wall: 1 * Self.second + 500)
    #expect(offset.nanoseconds == 500)
  }

  @Test(arguments: [Int64(1), -1]) func aStepBecomesASlopeOf25PartsPerMillion(sign: Int64) {
    var offset = SlewedOffset(nanoseconds: 0, steady: 0)
    for second in Int64(1)...10 {
      offset.correct(steady: second * Self.second, wall: second * Self.second + sign * 3600 * Self.second)
      #expect(offset.nanoseconds == sign * second * 25_000)
    }
  }

  @Test func arrivesAndStays() {
    var offset = SlewedOffset(nanoseconds: 0, steady: 0)
    for second in Int64(1)...5 { offset.correct(steady: second * Self.second, wall: second * Self.second + 60_000) }
    #expect(offset.nanoseconds == 60_000)
  }

  @Test func aLongGapIsNoLicenceToJump() {
    var offset = SlewedOffset(nanoseconds: 0, steady: 0)
    offset.correct(steady: 86_400 * Self.second, wall: 90_000 * Self.second)
    #expect(offset.nanoseconds == 250_000)
    offset.correct(steady: 86_399 * Self.second, wall: 90_000 * Self.second)  // never backwards
    #expect(offset.nanoseconds == 250_000)
  }
}

@Suite struct AirClockTests {
  @Test func beginsAtTheSystemsTime() {
    let clock = AirClock()
    #expect(abs(clock.now - WallClock.now) < 5_000_000_000)
  }

  @Test func adoptsAnOffset() {
    let clock = AirClock(offset: 42)
    #expect(clock.offset == 42)
    let difference = clock.now - SteadyClock.now
    #expect((-5_000_000_000...42).contains(difference))
  }

  @Test func sleepsUntilADate() {
    let clock = AirClock()
    let date = clock.now + 5_000_000
    clock.sleep(until: date)
    #expect(clock.now >= date)
    clock.sleep(until: date - 1_000_000_000)  // past: returns at once
    #expect(clock.now < date + 1_000_000_000)
  }
}
