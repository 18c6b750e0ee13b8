import LinuxIO

/// Lets go in real time what comes faster: an HLS segment or a download is there as a whole, and is to last.
struct FeedPace: Sendable {
  private var start: (dts: Int64, at: Int64)?

  /// A feed's time that moves by more, against ours, has jumped: nanoseconds.
  static let jump: Int64 = 15_000_000_000

  /// So late a unit may be without consequence, for streams do not come in exact order: nanoseconds.
  static let slack: Int64 = 300_000_000

  /// When a unit is due: nanoseconds, never before what came before it but for a jump.
  mutating func date(of dts: Int64, now: Int64) -> Int64 {
    if let start {
      let due = start.at + (dts - start.dts) * 100_000 / 9
      if due >= now, due - now <= FeedPace.jump { return due }
      if due < now, now - due <= FeedPace.slack { return now }
    }
    // The first; or one that comes late, which makes all behind it by so much later: the next has that time.
    start = (dts, now)
    return now
  }

  /// Waits until what is decoded at `dts` is due, or the sink wants no more.
  mutating func wait(for dts: Int64, _ sink: LiveSink) {
    let due = date(of: dts, now: SteadyClock.now)
    while !sink.isStopped, SteadyClock.now < due {
      SteadyClock.sleep(until: min(due, SteadyClock.now + 50_000_000))
    }
  }
}
