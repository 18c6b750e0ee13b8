import Synchronization

/// A bell for one listener at a time: rung any number of times before someone listens, it is heard once. A listener may
/// go, and another one come.
final class Wake: Sendable {
  private struct State {
    var listener: AsyncStream<Void>.Continuation?
    var isUnheard = false
  }

  private let state = Mutex(State())

  /// Rings.
  func callAsFunction() {
    state.withLock { state in
      switch state.listener?.yield() {
      case .enqueued, .dropped: break  // dropped: a ring waits to be heard already
      default: state.isUnheard = true
      }
    }
  }

  /// The rings from now on, beginning with one if the last one was not heard by anybody.
  func rings() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    state.withLock { state in
      if state.isUnheard { continuation.yield() }
      state = State(listener: continuation)
    }
    return stream
  }
}
