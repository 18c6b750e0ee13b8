import LinuxIO
import Synchronization

/// How much of the machine and of its network all streams together may take.
///
/// Those that follow a station reserve its rate; bursts and repairs share what passes of the whole rate besides. No address has
/// all the places, nor all of the rate. Times are steady seconds.
final class StreamBudget: Sendable {
  private struct State {
    var figures = StreamFigures()
    /// Bit/s of those that follow.
    var reserved = 0.0
    /// By their addresses.
    var shares: [String: Share] = [:]
    /// Bytes that may be sent now; below zero where those that follow have taken more.
    var bytes = 0.0
    var filled = 0.0
    /// The second in which something was sent last, and the bytes of that and of the one before.
    var second = 0
    var recent = (now: 0, before: 0)

    mutating func begin(second new: Int) {
      guard new != second else { return }
      recent = (0, new == second + 1 ? recent.now : 0)
      second = new
    }
  }

  /// What one address has reserved.
  private struct Share {
    var following = 0
    /// Bit/s.
    var rate = 0.0
  }

  /// An address may reserve so many times what is left after it: seven eighths when nobody else wants any, for two hundred
  /// receivers behind one router may well lose multicast at the same moment.
  private static let mostOfWhatIsLeft = 7.0
  /// So many seconds' worth may be sent at once.
  private static let burst = 0.05
  private static let leastBurst = 262_144.0

  private let limits: Configuration.StreamLimits
  private let places: Admission
  private let state = Mutex(State())

  init(_ limits: Configuration.StreamLimits) {
    self.limits = limits
    places = Admission(total: limits.connections, perAddress: .max)
  }

  var figures: StreamFigures { state.withLock { $0.figures } }

  /// How they fare, with what was sent in the last whole second.
  func figures(at now: Double) -> StreamFigures {
    state.withLock { state in
      state.begin(second: Int(now))
      var figures = state.figures
      figures.bitrate = state.recent.before * 8
      return figures
    }
  }

  /// Counts a connection in, if there is room for this address; then ``leave(_:)`` must follow.
  func enter(_ address: String) -> Bool {
    guard places.enter(address) else { return false }
    state.withLock { $0.figures.connections += 1 }
    return true
  }

  func leave(_ address: String) {
    places.leave(address)
    state.withLock { $0.figures.connections -= 1 }
  }

  /// Reserves what a stream that follows takes, if there is room for this address, or nobody else has any; then
  /// ``release(_:for:)`` must follow.
  ///
  /// - Parameter rate: bit/s.
  func reserve(_ rate: Double, for address: String) -> Bool {
    state.withLock { state in
      var share = state.shares[address] ?? Share()
      share.following += 1
      share.rate += rate
      let left = Double(limits.bitrate) - state.reserved - rate
      let hasRoom = left >= 0 && (share.following == 1 || share.rate <= left * Self.mostOfWhatIsLeft)
      guard state.figures.following == 0 || hasRoom else { return false }
      state.figures.following += 1
      state.reserved += rate
      state.shares[address] = share
      return true
    }
  }

  func release(_ rate: Double, for address: String) {
    state.withLock { state in
      state.figures.following -= 1
      state.reserved = state.figures.following == 0 ? 0 : state.reserved - rate
      guard var share = state.shares[address] else { return }
      share.following -= 1
      share.rate -= rate
      state.shares[address] = share.following > 0 ? share : nil
    }
  }

  /// Whether a burst or a repair may be sent.
  func hasRoom(at now: Double) -> Bool {
    state.withLock { state in
      let rate = Double(limits.bitrate) / 8
      state.bytes = min(
        max(rate * Self.burst, Self.leastBurst), state.bytes + max(0, min(now - state.filled, 1)) * rate)
      state.filled = now
      return state.bytes > 0
    }
  }

  /// So much is being sent.
  func take(_ bytes: Int, isRepair: Bool, at now: Double) {
    state.withLock { state in
      state.begin(second: Int(now))
      state.recent.now += bytes
      state.bytes -= Double(bytes)
      state.figures.bytes += bytes
      if isRepair { state.figures.repairBytes += bytes }
    }
  }
}

/// How streams fare.
struct StreamFigures: Codable, Equatable, Sendable {
  var connections = 0
  /// Those of them that follow a station.
  var following = 0
  /// Sent since stationd began, frames' headers included.
  var bytes = 0
  /// Those of repairs among them.
  var repairBytes = 0
  /// Of the last second: bit/s.
  var bitrate = 0
}
