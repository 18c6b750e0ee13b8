import TransportStream

/// How far ahead of its date a datagram may go out in the company of others: the trade between precision and cost.
///
/// Each station's time is cut into windows one grain long. When a window begins, all of the station's datagrams dated in it go
/// out, as one train for the kernel; so none is late, and the error of their pace is even, half a grain to either side. The
/// windows of different stations begin at different times, a few for all of them, so that the load is even although stations
/// may keep time with one another. What is sent does not depend on the grain; only when.
struct Grain: Hashable, Sendable {
  /// The finest there is, and the coarsest that a configuration may ask for.
  static let finest = Grain(Ticks(Ticks.perSecond / 20_000))  // 50 us
  static let coarsest = Grain(.milliseconds(40))
  /// No coarser by itself: three or four datagrams of a 4.4 Mb/s station, 4 ms from their mean.
  static let coarsestAutomatic = Grain(.milliseconds(8))

  let length: Ticks
  /// How many different beginnings windows have: each costs a wake-up. Odd, so as not to keep step with the kernel's tick,
  /// by which a machine's load is reckoned.
  private let phases: Int64

  init(_ length: Ticks) {
    self.length = length
    phases = min(max(length.count * 20_000 / Ticks.perSecond, 1), 7)
  }

  /// The grain that a thread with so many datagrams a second picks. As long as it has the time to send each by itself, it
  /// does; then it grows in proportion, so that each of very many stations sends a few datagrams at a time.
  init(datagramsPerSecond rate: Double) {
    let share = max(0, min(rate, 400_000) - 100_000) / 300_000
    let (least, most) = (Self.finest.length.count, Self.coarsestAutomatic.length.count)
    self.init(Ticks(least + Int64(share * Double(most - least))))
  }

  /// When windows begin for the slot in this place of so many: after 0 or more parts of the grain, neighbours together.
  func phase(ofSlot place: Int, of count: Int) -> Ticks {
    Ticks(length.count * (Int64(place) * phases / Int64(max(count, 1))) / phases)
  }

  /// The beginning of the window that `date` lies in.
  func window(of date: Ticks, phase: Ticks) -> Ticks {
    Ticks(date.count - (date.count - phase.count).flooredDivision(by: length.count).remainder)
  }
}
