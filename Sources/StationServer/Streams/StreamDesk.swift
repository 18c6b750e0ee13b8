import LinuxIO
import NIOCore
import NIOPosix
import TransportStream

/// What all stream connections share: the stations' air, its time, what they may take, and threads that may wait.
final class StreamDesk: Sendable {
  let airs: AirBoard
  let budget: StreamBudget
  private let clock: AirTime
  private let threads: NIOThreadPool

  init(
    airs: AirBoard, clock: AirTime, limits: Configuration.StreamLimits = .init(), threads: NIOThreadPool = .singleton
  ) {
    (self.airs, self.clock, self.threads) = (airs, clock, threads)
    budget = StreamBudget(limits)
  }

  /// The air's time.
  var now: Ticks { clock.now }

  /// How far that may be from UTC: seconds.
  var clockError: Double? { clock.error }

  /// Works something out on a thread that may wait, and hands it over on the event loop; not at all when stationd stops.
  func work<T: Sendable>(
    on loop: any EventLoop, _ body: @escaping @Sendable () -> T, then take: @escaping @Sendable (T) -> Void
  ) {
    threads.runIfActive(eventLoop: loop) {
      ProcessLimits.yieldThread()
      return body()
    }.whenSuccess(take)
  }
}
