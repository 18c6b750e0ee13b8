import CLinux
import Glibc

/// The machine's own steady time: CLOCK_BOOTTIME, which no one sets, and which goes on while the machine sleeps.
package enum SteadyClock {
  /// Nanoseconds since the machine was started.
  package static var now: Int64 { nanoseconds(of: CLOCK_BOOTTIME) }

  /// Sleeps until a steady date (nanoseconds), through signals; at once when it is past.
  package static func sleep(until date: Int64) {
    var wake = timespec(tv_sec: Int(date / 1_000_000_000), tv_nsec: Int(date % 1_000_000_000))
    while unsafe clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &wake, nil) == EINTR {}
  }
}

/// The time of day as the system has it, which may be stepped at any moment.
package enum WallClock {
  /// Nanoseconds since the Unix epoch.
  package static var now: Int64 { nanoseconds(of: CLOCK_REALTIME) }

  /// How far it may be from UTC, in nanoseconds; nil when nothing keeps it (adjtimex(2)).
  package static var error: Int64? {
    let microseconds = CLinux_clock_error()
    return microseconds < 0 ? nil : microseconds * 1_000
  }
}

private func nanoseconds(of clock: clockid_t) -> Int64 {
  var time = timespec()
  _ = unsafe clock_gettime(clock, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// How the air's time follows the system's: gently. The offset between steady time and UTC moves towards what the system
/// clock says, but by no more than 25 ppm of the time passed, so a stepped system clock makes no jump on air and a
/// receiver's clock recovery never meets more than the 30 ppm it must follow (ISO/IEC 13818-1, 2.4.2.1).
package struct SlewedOffset: Sendable {
  /// UTC minus steady time, nanoseconds.
  package private(set) var nanoseconds: Int64
  private var corrected: Int64

  /// The most the offset moves, in nanoseconds per second.
  package static let limit: Int64 = 25_000

  /// - Parameter steady: the steady date of the first correction's interval.
  package init(nanoseconds: Int64, steady: Int64) {
    self.nanoseconds = nanoseconds
    corrected = steady
  }

  /// Moves the offset towards `wall - steady`, by at most the limit for the time since the last correction. A gap of
  /// more than ten seconds counts as ten.
  package mutating func correct(steady: Int64, wall: Int64) {
    let passed = min(max(0, steady - corrected), 10_000_000_000)
    corrected = max(corrected, steady)
    let limit = passed * Self.limit / 1_000_000_000
    nanoseconds += min(max(wall - steady - nanoseconds, -limit), limit)
  }
}

/// The air's time: UTC in nanoseconds, from steady time plus an offset read once and then slewed gently.
package struct AirClock: Sendable {
  private var slew: SlewedOffset

  /// Reads the offset from the system clock.
  package init() {
    let (steady, wall) = Self.pair()
    slew = SlewedOffset(nanoseconds: wall - steady, steady: steady)
  }

  /// Takes over an offset known from another process of this boot.
  package init(offset: Int64) {
    slew = SlewedOffset(nanoseconds: offset, steady: SteadyClock.now)
  }

  /// UTC minus steady time, nanoseconds.
  package var offset: Int64 { slew.nanoseconds }

  /// Nanoseconds since the Unix epoch.
  package var now: Int64 { SteadyClock.now + slew.nanoseconds }

  /// Follows the system clock a little; to be called about once a second.
  package mutating func follow() {
    let (steady, wall) = Self.pair()
    slew.correct(steady: steady, wall: wall)
  }

  /// Sleeps until a date of this clock; at once when it is past.
  package func sleep(until date: Int64) {
    SteadyClock.sleep(until: date - slew.nanoseconds)
  }

  /// Both clocks at one moment: the closest of five readings, for a thread may lose the processor between two.
  private static func pair() -> (steady: Int64, wall: Int64) {
    var best: (steady: Int64, wall: Int64, width: Int64) = (0, 0, .max)
    for _ in 0..<5 {
      let before = SteadyClock.now
      let wall = WallClock.now
      let width = SteadyClock.now - before
      if width < best.width { best = (before + width / 2, wall, width) }
    }
    return (best.steady, best.wall)
  }
}
