import LinuxIO
import Synchronization
import Tape

/// Asks for the ring again and again while its lock is waited for: an orphan may have forgotten who asked before it was one.
final class HeirCalls: Sendable {
  private final class Flag: Sendable {
    let isOver = Atomic<Bool>(false)
  }

  private let flag = Flag()

  /// - Parameter path: the ring's file.
  init(path: String) {
    let flag = flag
    _ = try? RealTimeThread.detach(name: "heir") {
      guard let file = try? RingFile(path: path) else { return }
      while !flag.isOver.load(ordering: .acquiring) {
        file.announceHeir()
        ProcessLimits.sleep(milliseconds: 500)
      }
    }
  }

  /// The ring is ours.
  func stop() { flag.isOver.store(true, ordering: .releasing) }
}
