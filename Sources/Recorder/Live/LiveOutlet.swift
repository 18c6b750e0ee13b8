import LinuxIO
import Synchronization
import TransportStream

/// The multiplexer, shared by the desk's thread and by the one that keeps clocks and tables coming (``LivePulse``).
///
/// The lock is held while packets are cut and written, some ten microseconds, and lends who holds it the priority of who
/// waits for it.
final class LiveOutlet: Sendable {
  private let mux: Mutex<LiveMux>

  init(_ mux: consuming LiveMux) { self.mux = Mutex(mux) }

  /// The earliest date that what is written at `now` may have.
  func date(at now: Ticks) -> Ticks { mux.withLock { $0.date(at: now) } }

  /// Sends an access unit at the earliest date that there is, unless it does not do.
  ///
  /// - Returns: whether it was sent.
  @discardableResult
  func send(
    _ unit: PESPacket, at now: Ticks, if does: (Ticks) -> Bool = { _ in true }
  ) throws(RecorderError) -> Bool {
    try mux.withLock { mux throws(RecorderError) in
      let date = mux.date(at: now)
      guard does(date) else { return false }
      try mux.send(unit, at: date)
      return true
    }
  }

  /// Sends tables and clocks if they are due at `now`.
  func keepUp(at now: Ticks) throws(RecorderError) {
    try mux.withLock { mux throws(RecorderError) in
      if !mux.writer.hasEnded { try mux.keepUp(at: now) }
    }
  }

  /// Fills up with tables and clocks to just before `end`, and ends the ring.
  func leave(at end: Ticks, now: Ticks) throws(RecorderError) {
    try mux.withLock { mux throws(RecorderError) in try mux.leave(at: end, now: now) }
  }

  /// Whether someone else asked for the ring since this one was orphaned; see ``RingWriter``.
  var hasHeir: Bool { mux.withLock { $0.hasHeir } }
  func forgetHeirs() { mux.withLock { $0.forgetHeirs() } }
  /// Whether anybody can find the ring still.
  var isCurrent: Bool { mux.withLock { $0.isCurrent } }
}

/// Keeps clocks and tables coming however long pictures take to encode, and however busy the machine is: a thread of its
/// own, ahead of every ordinary one where the kernel grants that.
final class LivePulse: Sendable {
  /// Behind the transmitter, and ahead of all that is not real-time.
  private static let priority: Int32 = 10
  /// Nanoseconds.
  private static let period: Int64 = 4_000_000

  private let isOver = Atomic<Bool>(false)
  private let thread = Mutex<RealTimeThread?>(nil)

  /// Nothing beats where no thread can be made: the desk sends clocks and tables as well.
  init(_ outlet: LiveOutlet, _ clock: LiveClock) {
    let started = try? RealTimeThread(name: "pulse", priority: LivePulse.priority) { [self] in
      while !isOver.load(ordering: .relaxed) {
        let now = clock.now
        // What fails here fails for the desk as well, which says so.
        try? outlet.keepUp(at: clock.air(now))
        SteadyClock.sleep(until: now + LivePulse.period)
      }
    }
    thread.withLock { $0 = started }
  }

  /// Returns when the last beat is over; to be called once.
  func stop() {
    isOver.store(true, ordering: .relaxed)
    thread.withLock { $0 }?.join()
  }
}
