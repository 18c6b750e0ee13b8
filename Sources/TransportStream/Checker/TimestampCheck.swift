/// The decoding time stamps of one PID: one after the other, and each after its access unit is there.
struct TimestampCheck: Sendable {
  static let jump = Ticks.seconds(1)

  private(set) var count = 0
  private(set) var wraps = 0
  /// The least time between an access unit's last packet and its DTS.
  private(set) var leastMargin: Ticks?
  /// The longest step from one DTS to the next.
  private(set) var longest = Ticks.zero

  private var last: UInt64?
  /// The DTS of the access unit that is coming in now.
  private var pending: UInt64?
  private var timeBase = 0
  /// The PCR most recently seen when this PID's latest packet came by.
  private var clock: UInt64?

  /// Takes in a PES header that starts in the packet at `position`.
  mutating func take(
    _ header: PESHeader, pid: UInt16, at position: Int64, timeBase: Int, log: inout OffenceLog
  ) {
    close(pid: pid, at: position, log: &log)
    pending = header.dts ?? header.pts
    guard let pts = header.pts, let dts = pending else { return }
    if TimeStamp.distance(from: dts, to: pts) < .zero {
      log.note(.presentationBeforeDecoding, packet: position, pid: pid)
    }
    if let last, timeBase == self.timeBase {
      let step = TimeStamp.distance(from: last, to: dts)
      if step > .zero, dts < last { wraps += 1 }
      longest = max(longest, step)
      if step <= .zero {
        log.note(.timestampBack, packet: position, pid: pid, amount: step.count)
      } else if step > TimestampCheck.jump {
        log.note(.timestampJump, packet: position, pid: pid, amount: step.count)
      }
    }
    count += 1
    last = dts
    self.timeBase = timeBase
  }

  /// Notes that a packet of this PID came by when `clock` was the last PCR.
  mutating func pass(clock: UInt64?) { self.clock = clock }

  /// The access unit before `position` is whole: was it so before its DTS? The PCR before its last packet stands for
  /// that packet's date, so a verdict of "late" is sure, and a margin may be one PCR interval too good.
  private mutating func close(pid: UInt16, at position: Int64, log: inout OffenceLog) {
    guard let pending, let clock else { return }
    let margin = TimeStamp.distance(from: clock / 300, to: pending)
    leastMargin = leastMargin.map { min($0, margin) } ?? margin
    if margin < .zero { log.note(.timestampLate, packet: position, pid: pid, amount: margin.count) }
  }
}
