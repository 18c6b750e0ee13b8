import LinuxIO
import NIOCore
import NIOPosix
import TransportStream

/// What all stream connections share: the stations' air, its time, what they may take, and threads that may wait.
final class StreamDesk: Sendable {
  let airs: AirBoard
  let budget: StreamBudget
  private let clock: AirTime

  /// Threads of their own: those that all share bring the transmitter its plans. Disks that hang hold up beginnings only, not
  /// what follows.
  private static let threads = begun(4)
  private static let openers = begun(12)

  private static func begun(_ count: Int) -> NIOThreadPool {
    let threads = NIOThreadPool(numberOfThreads: count)
    threads.start()
    return threads
  }

  init(airs: AirBoard, clock: AirTime, limits: Configuration.StreamLimits = .init()) {
    (self.airs, self.clock) = (airs, clock)
    budget = StreamBudget(limits)
  }

  /// The air's time.
  var now: Ticks { clock.now }

  /// How far that may be from UTC: seconds.
  var clockError: Double? { clock.error }

  /// Works something out on another thread, and hands it over on the event loop.
  ///
  /// - Parameter mayWait: for a disk.
  func work<T: Sendable>(
    on loop: any EventLoop, mayWait: Bool = false, _ body: @escaping @Sendable () -> T,
    then take: @escaping @Sendable (T) -> Void
  ) {
    (mayWait ? Self.openers : Self.threads).runIfActive(eventLoop: loop) {
      ProcessLimits.yieldThread()
      return body()
    }.whenSuccess(take)
  }
}
