import LinuxIO
import Synchronization
import TransportStream

/// One station's counts: written by the sending thread alone, read by any.
final class StationFigures: Sendable {
  let sent = Atomic<Int>(0)
  let late = Atomic<Int>(0)
  let skipped = Atomic<Int>(0)
  let errors = Atomic<Int>(0)
  let bytes = Atomic<Int>(0)
  let bitrate = Atomic<Int>(0)
  /// Of the minute now, and of the one before it: ticks.
  let worstLateness = Atomic<Int64>(0)
  let worstLatenessBefore = Atomic<Int64>(0)
  /// Whether the tape gives nothing but bad bytes at present, or none in time.
  let isUnreadable = Atomic<Bool>(false)
  /// Whether its live recorder has delivered nothing for more than a second.
  let isDry = Atomic<Bool>(false)
  /// The errno value of the network's last refusal in the last second; 0 for none.
  let refusal = Atomic<Int32>(0)

  /// Counts a datagram as sent; `lateness` in ticks.
  func countSent(bytes length: Int, lateness: Int64) {
    StationFigures.add(1, to: sent)
    StationFigures.add(length, to: bytes)
    isUnreadable.store(false, ordering: .relaxed)
    isDry.store(false, ordering: .relaxed)
    if lateness > Ticks.perSecond / 1_000 { StationFigures.add(1, to: late) }
    if lateness > worstLateness.load(ordering: .relaxed) { worstLateness.store(lateness, ordering: .relaxed) }
  }

  /// Takes one back: the network refused it.
  func countRefused(code: Int32) {
    StationFigures.add(-1, to: sent)
    StationFigures.add(1, to: errors)
    refusal.store(code, ordering: .relaxed)
  }

  /// There is one writer, so no read-modify-write is needed.
  static func add(_ count: Int, to counter: borrowing Atomic<Int>) {
    counter.store(counter.load(ordering: .relaxed) + count, ordering: .relaxed)
  }

  /// The counts as they are reported.
  func summary(number: UInt16, planFault: TransmitReply.Fault?) -> TransmitFigures.Station {
    var fault: String?
    let code = refusal.load(ordering: .relaxed)
    if isDry.load(ordering: .relaxed) {
      fault = "its recorder delivers nothing"
    } else if isUnreadable.load(ordering: .relaxed) {
      fault = "its tape cannot be read: it goes on with the first datagram that can"
    } else if code != 0 {
      fault = "the network refuses datagrams: \(SystemError(operation: "send", subject: "", code: code).reason)"
    }
    let worst = max(worstLateness.load(ordering: .relaxed), worstLatenessBefore.load(ordering: .relaxed))
    return TransmitFigures.Station(
      number: number, sent: sent.load(ordering: .relaxed), late: late.load(ordering: .relaxed),
      skipped: skipped.load(ordering: .relaxed), errors: errors.load(ordering: .relaxed),
      bitrate: bitrate.load(ordering: .relaxed), worstLateness: Ticks(worst).nanoseconds,
      fault: fault ?? planFault?.fault, goesOn: fault == nil ? planFault?.goesOn : nil)
  }
}
