import Synchronization

/// How many connections there may be, in all and from one address.
///
/// Besides its own limit, no address may have more connections than there are places left: one that opens all it can gets
/// half of them, two get a third each, and there is always a place for a newcomer.
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

  /// How many there are.
  var count: Int { state.withLock { $0.total } }

  /// Counts a connection in, if there is room; then ``leave(_:)`` must follow.
  func enter(_ address: String) -> Bool {
    state.withLock { state in
      let count = state.byAddress[address] ?? 0
      guard count < min(perAddress, total - state.total) else { return false }
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
