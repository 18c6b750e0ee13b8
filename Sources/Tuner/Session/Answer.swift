import Dispatch
import Synchronization

/// The place where a thread that was asked something waits for the session's reply.
final class Answer: Sendable {
  private let reply = Mutex<SessionReply?>(nil)
  private let given = DispatchSemaphore(value: 0)

  func give(_ reply: SessionReply) {
    self.reply.withLock { $0 = reply }
    given.signal()
  }

  /// The reply, or one that says there was none in time.
  func wait(seconds: Int) -> SessionReply {
    _ = given.wait(timeout: .now() + .seconds(seconds))
    return reply.withLock(\.self) ?? SessionReply(message: "The running tuner is busy.", exitStatus: 75)
  }
}
