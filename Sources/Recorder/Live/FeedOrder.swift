/// Puts a feed's units in the order of their decoding times across its streams: a broadcaster's multiplex brings a picture
/// up to a second before the sound that belongs to it, and what is sent on must be in time together.
struct FeedOrder: Sendable {
  /// No unit is kept for longer than this, nanoseconds.
  static let patience: Int64 = 500_000_000
  /// A stream that has brought nothing for so long is not waited for, nanoseconds.
  static let silence: Int64 = 1_000_000_000
  /// So much disorder does no harm, for the desk decodes later than that: 90 kHz, 0.2 s. Multiplexers put up to a quarter
  /// of a second of sound into one PES packet.
  static let slack: Int64 = 18_000
  /// A stream's time that moves by more is another time, 90 kHz.
  static let jump: Int64 = 3 * HouseTime.perSecond

  private var waiting: [LiveUnit] = []
  private var heads: [LiveUnit.Stream: (dts: Int64, at: Int64)] = [:]

  /// Takes a unit; ``LiveUnit/arrival`` says when.
  mutating func put(_ unit: LiveUnit) {
    if let head = heads[unit.stream], abs(unit.dts - head.dts) > FeedOrder.jump {
      // What waits is of the time before: it goes first.
      for stream in heads.keys where stream != unit.stream { heads[stream] = nil }
      waiting.append(unit)
    } else {
      let place = waiting.lastIndex { $0.dts <= unit.dts || $0.dts - unit.dts > FeedOrder.jump }.map { $0 + 1 } ?? 0
      waiting.insert(unit, at: place)
    }
    heads[unit.stream] = (unit.dts, unit.arrival)
  }

  /// The next unit, when no other stream can bring an earlier one; its ``LiveUnit/arrival`` becomes `now`.
  mutating func take(at now: Int64) -> LiveUnit? {
    guard var first = waiting.first else { return nil }
    let isNext = heads.values.allSatisfy { $0.dts >= first.dts - FeedOrder.slack || now - $0.at > FeedOrder.silence }
    guard isNext || now - first.arrival > FeedOrder.patience else { return nil }
    waiting.removeFirst()
    first.arrival = now
    return first
  }

  /// What waits, when no more will come.
  mutating func finish(at now: Int64) -> [LiveUnit] {
    defer { waiting = [] }
    return waiting.map { unit in
      var unit = unit
      unit.arrival = now
      return unit
    }
  }
}
