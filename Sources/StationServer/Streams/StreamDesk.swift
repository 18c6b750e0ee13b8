import NIOCore
import NIOPosix
import Playout
import TransportStream
import Wire

/// What all stream connections share: the stations' air, its time, and threads that may wait for a disk.
final class StreamDesk: Sendable {
  let airs: AirBoard
  private let clock: AirTime
  private let threads: NIOThreadPool

  init(airs: AirBoard, clock: AirTime, threads: NIOThreadPool = .singleton) {
    (self.airs, self.clock, self.threads) = (airs, clock, threads)
  }

  /// The air's time.
  var now: Ticks { clock.now }

  /// Works something out on a thread that may wait, and hands it over on the event loop; not at all when stationd stops.
  func work<T: Sendable>(
    on loop: any EventLoop, _ body: @escaping @Sendable () -> T, then take: @escaping @Sendable (T) -> Void
  ) {
    threads.runIfActive(eventLoop: loop, body).whenSuccess(take)
  }
}
