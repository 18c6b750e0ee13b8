import TransportStream

/// Lays a source's time on the air's: what the source dates `s` is decoded at `s` plus an offset, which makes up for how
/// long things take to get here.
///
/// The source's clock runs a little faster or slower than ours (crystals: 200 ppm at the worst), arrivals jitter, feeds
/// stop, begin anew and jump. So the offset follows slowly while all is well, by a step when something arrives too late to
/// be decoded in time, and begins anew when the source's clock jumps.
struct LiveTimeline: Sendable {
  /// The offset follows drift by no more than this share of the time that passes: 1,000 ppm, more than any clock drifts,
  /// less than anybody hears.
  static let slew: Int64 = 1_000
  /// A source whose clock and whose arrivals disagree by more than this has jumped.
  static let jump = Ticks.seconds(2)
  /// Nothing is kept for longer than this, however it came to be so early.
  static let longest = Ticks.seconds(15)
  /// What arrives with less time than this before it is decoded is late.
  static let least = Ticks.milliseconds(20)
  /// Drift is told from jitter by the least slack in so long a time.
  static let window = Ticks.seconds(4)

  /// How long before it is decoded a unit is sent, at most.
  let lead: Ticks
  /// The source dates what it captures on our own steady clock: that is believed while it is plausible.
  let isSteady: Bool

  private var offset: Ticks?
  private var last: (source: Ticks, arrival: Ticks)?
  private var windowEnd = Ticks.zero
  private var leastSlack = Ticks(.max)
  private var correction = Ticks.zero

  init(lead: Ticks, isSteady: Bool) {
    self.lead = lead
    self.isSteady = isSteady
  }

  /// When a unit is decoded, on the air's clock.
  ///
  /// - Parameters:
  ///   - source: on the source's clock.
  ///   - arrival: on the air's clock; never goes back.
  ///   - leads: whether it is of the stream that decides: only such a one moves the offset.
  mutating func place(_ source: Ticks, arrival: Ticks, leads: Bool = true) -> Ticks {
    guard var offset, let last else {
      return begin(source, arrival)
    }
    guard leads else { return source + offset }
    let passed = arrival - last.arrival
    let stray = (source - last.source) - passed
    // A source that was stuck and delivers what it kept meanwhile has not jumped: what counts is the slack.
    let slack = source + offset - arrival
    if slack > lead + LiveTimeline.longest { return begin(source, arrival) }
    if stray > LiveTimeline.jump || stray < -LiveTimeline.jump, slack < .zero || slack > lead + LiveTimeline.jump {
      return begin(source, arrival)
    }
    if slack < LiveTimeline.least {
      offset += lead - slack
      startWindow(arrival)
    } else if isSteady, slack > lead {
      offset += lead - slack
      startWindow(arrival)
    } else {
      leastSlack = min(leastSlack, slack)
      if arrival >= windowEnd {
        // Feeds may come in bursts: what counts is how close the latest of them comes to being late.
        let wanted = lead - (isSteady ? .milliseconds(50) : .milliseconds(100))
        correction =
          leastSlack > lead ? lead - leastSlack : leastSlack < wanted ? wanted - leastSlack : .zero
        startWindow(arrival)
      }
      let step = min(max(passed.count, 0) * LiveTimeline.slew / 1_000_000, abs(correction.count))
      let signed = Ticks(correction.count < 0 ? -step : step)
      offset += signed
      correction = correction - signed
    }
    self.offset = offset
    self.last = (source, arrival)
    return source + offset
  }

  private mutating func begin(_ source: Ticks, _ arrival: Ticks) -> Ticks {
    let age = arrival - source
    let isPlausible = isSteady && age >= .zero && age <= .milliseconds(50)
    let offset = isPlausible ? lead : arrival - source + lead
    self.offset = offset
    last = (source, arrival)
    correction = .zero
    startWindow(arrival)
    return source + offset
  }

  private mutating func startWindow(_ arrival: Ticks) {
    windowEnd = arrival + LiveTimeline.window
    leastSlack = Ticks(.max)
  }
}
