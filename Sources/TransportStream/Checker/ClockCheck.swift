/// The program clock of one stream: its PCRs as one line of time that never wraps.
struct ClockCheck: Sendable {
  /// The longest that may pass between two PCRs (TR 101 290 §5.2.2, 2.3a, and the house).
  static let longestInterval = Ticks.milliseconds(40)
  static let jump = Ticks.milliseconds(500)
  static let drift = Ticks.milliseconds(100)

  /// A point where the clock is known.
  struct Mark: Sendable {
    /// The PCR, all its wraps added: ticks.
    var date: Ticks
    /// The PCR as it stood in the stream: 27 MHz, modulo 2^33 * 300.
    var field: UInt64
    /// The packet that carried it, counted from 0.
    var packet: Int64
    /// When that packet arrived, where anybody noted it.
    var arrival: Ticks?
  }

  private(set) var first: Mark?
  private(set) var last: Mark?
  private(set) var count = 0
  private(set) var wraps = 0
  private(set) var longest = Ticks.zero
  /// How often a discontinuity_indicator announced another time base.
  private(set) var timeBases = 0

  /// Takes in the PCR of the packet at `position`.
  mutating func take(_ packet: TSPacket, field: UInt64, at position: Int64, arrival: Ticks?, log: inout OffenceLog) {
    count += 1
    guard let last else {
      let mark = Mark(date: Ticks(Int64(field)), field: field, packet: position, arrival: arrival)
      (first, self.last) = (mark, mark)
      return
    }
    let step = ClockReference.distance(from: last.field, to: field)
    if step > .zero, field < last.field { wraps += 1 }
    self.last = Mark(date: last.date + step, field: field, packet: position, arrival: arrival)
    if packet.discontinuity {
      timeBases += 1
      return
    }
    longest = max(longest, step)
    if step <= .zero {
      log.note(.clockBack, packet: position, pid: packet.pid, amount: step.count)
    } else if step > ClockCheck.jump {
      log.note(.clockJump, packet: position, pid: packet.pid, amount: step.count)
    } else if step > ClockCheck.longestInterval {
      log.note(.clockInterval, packet: position, pid: packet.pid, amount: step.count)
    }
    if let before = last.arrival, let arrival {
      let drift = step - (arrival - before)
      if drift > ClockCheck.drift || drift < -ClockCheck.drift {
        log.note(.clockDrift, packet: position, pid: packet.pid, amount: drift.count)
      }
    }
  }
}
