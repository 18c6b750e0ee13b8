import TransportStream

/// How long the windows are in which a station's datagrams leave in company: the trade between precision and cost, of which
/// waking up is the larger part.
///
/// Receivers keep time by the datagrams that carry a clock reference: those go out when they are due, to within ``precision``.
/// What stands between them only has to be there in time. So each station's time is cut into windows one grain long: when a
/// window begins, or earlier, when the thread is awake for another station's sake, its datagrams go out up to the next clock
/// reference, as one train for the kernel. The windows of different stations begin at different times, a few for all of them,
/// so that the load is even. What is sent does not depend on the grain; only when.
struct Grain: Hashable, Sendable {
  /// The finest there is, and the coarsest that a configuration may ask for.
  static let finest = Ticks(Ticks.perSecond / 20_000)  // 50 us
  static let coarsest = Ticks.milliseconds(40)
  /// No coarser by itself: three or four datagrams of a 4.4 Mb/s station, 4 ms from their mean.
  static let coarsestAutomatic = Ticks.milliseconds(8)
  /// No finer by itself; where there are dozens of stations, as long as 300 ns for each datagram a second.
  static let finestAutomatic = Ticks.milliseconds(1)
  /// See ``reach``: so much that nobody has to wake up for a window of his own where there are a few dozen stations.
  static let farthestReach = Ticks.milliseconds(2)

  /// Of the windows.
  let length: Ticks
  /// So far ahead of its date, at the most, a datagram with a clock reference goes out.
  let precision: Ticks
  /// So far ahead of a window's beginning its datagrams go along when the thread is awake: not at all where nobody is more
  /// precise than the windows, for these then are the thread's even pace.
  let reach: Ticks
  /// How many different beginnings windows have: each may cost a wake-up. Odd, so as not to keep step with the kernel's
  /// tick, by which a machine's load is reckoned.
  private let phases: Int64

  /// For a thread with so many datagrams a second. As long as it has the time to wake up for every clock reference, it does;
  /// then its precision falls in proportion, until each of very many stations sends a few datagrams at a time.
  ///
  /// - Parameter length: as the configuration has it; nil: as the load has it.
  init(_ length: Ticks? = nil, datagramsPerSecond rate: Double) {
    let share = max(0, min(rate, 400_000) - 100_000) / 300_000
    let (least, most) = (Self.finest.count, Self.coarsestAutomatic.count)
    let affordable = Ticks(least + Int64(share * Double(most - least)))
    let cheap = Ticks(nanoseconds: Int64(min(rate, 400_000) * 300))
    self.length = length ?? max(affordable, min(max(cheap, Self.finestAutomatic), Self.coarsestAutomatic))
    precision = min(affordable, self.length)
    reach = min(self.length - precision, Self.farthestReach)
    phases = min(max(self.length.count / Self.finest.count, 1), 7)
  }

  /// Whether clock references go out by themselves.
  var isPrecise: Bool { precision < length }

  /// When windows begin for the slot in this place of so many: after 0 or more parts of the grain, neighbours together.
  func phase(ofSlot place: Int, of count: Int) -> Ticks {
    Ticks(length.count * (Int64(place) * phases / Int64(max(count, 1))) / phases)
  }

  /// The beginning of the window that `date` lies in.
  func window(of date: Ticks, phase: Ticks) -> Ticks {
    Ticks(date.count - (date.count - phase.count).flooredDivision(by: length.count).remainder)
  }

  /// When a datagram with a clock reference goes out that is due at `date`: with its window, where precision is no finer.
  func moment(of date: Ticks, phase: Ticks) -> Ticks {
    Ticks(date.count - (date.count - phase.count).flooredDivision(by: precision.count).remainder)
  }
}
