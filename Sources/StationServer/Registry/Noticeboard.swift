import Synchronization

/// Values by number, for readers that may not wait for whoever writes them: what a new value replaces, and may have much
/// memory to give back, is let go when the board is free again.
struct Noticeboard<Value: Sendable>: ~Copyable, Sendable {
  private let values = Mutex<[Int: Value]>([:])

  subscript(number: Int) -> Value? { values.withLock { $0[number] } }

  /// - Parameter value: made from the one that is there; nil takes it off.
  func change(_ number: Int, to value: (Value?) -> Value?) {
    let former = values.withLock { values in
      let former = values[number]
      values[number] = value(former)
      return former
    }
    withExtendedLifetime(former) {}
  }
}
