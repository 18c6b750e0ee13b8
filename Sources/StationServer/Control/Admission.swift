import Synchronization

/// How many connections there may be, in all and from one address: a client that opens many costs the others none.
final class Admission: Sendable {
  private struct State {
    var total = 0
    var byAddress: [String: Int] = [:]
  }

  let total: Int
  let perAddress: Int
  private let state = Mutex(State())

  init(total: Int, perAddress: Int) {
    self.total = total
    self.perAddress = perAddress
  }

  /// Counts a connection in, if there is room; then ``leave(_:)`` must follow.
  func enter(_ address: String) -> Bool {
    state.withLock { state in
      let count = state.byAddress[address] ?? 0
      guard state.total < total, count < perAddress else { return false }
      state.total += 1
      state.byAddress[address] = count + 1
      return true
    }
  }

  func leave(_ address: String) {
    state.withLock { state in
      state.total -= 1
      let count = (state.byAddress[address] ?? 0) - 1
      state.byAddress[address] = count > 0 ? count : nil
    }
  }
}
