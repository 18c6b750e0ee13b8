import LinuxIO
import Synchronization

/// How punctual this machine is meanwhile, whatever runs on it: a real-time thread that only sleeps, a thousand times a
/// second, and looks at the clock. What it finds late is not the fault of a program.
final class MachineWatch: Sendable {
  struct Figures: Codable {
    var wakeUps = 0
    /// Those more than a millisecond after their date.
    var late = 0
    /// Milliseconds.
    var worst = 0.0
    /// Whether the kernel granted the thread its priority: the figures say nothing without.
    var isRealTime = false
  }

  private let figures = Mutex(Figures())
  private let isOver = Atomic<Bool>(false)

  /// Behind a transmitter, ahead of all ordinary threads.
  private static let priority: Int32 = 1
  private static let interval: Int64 = 1_000_000

  /// Starts watching.
  init() throws(SystemError) {
    let thread = try RealTimeThread(name: "watch", priority: Self.priority) { [self] in run() }
    figures.withLock { $0.isRealTime = thread.isRealTime }
  }

  private func run() {
    var date = SteadyClock.now
    while !isOver.load(ordering: .relaxed) {
      date += Self.interval
      SteadyClock.sleep(until: date)
      let lateness = SteadyClock.now - date
      figures.withLock { figures in
        figures.wakeUps += 1
        if lateness > 1_000_000 { figures.late += 1 }
        figures.worst = max(figures.worst, Double(lateness) / 1e6)
      }
    }
  }

  /// Ends it, and says what was seen.
  func end() -> Figures {
    isOver.store(true, ordering: .relaxed)
    return figures.withLock(\.self)
  }
}
