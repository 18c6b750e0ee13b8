import LinuxIO
import Synchronization

/// How much of the machine and of its network all streams together may take.
///
/// Those that follow a station reserve its rate; bursts and repairs share what passes of the whole rate besides. Times are
/// steady seconds.
final class StreamBudget: Sendable {
  private struct State {
    var figures = StreamFigures()
    /// Bit/s of those that follow.
    var reserved = 0.0
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

  /// So many seconds' worth may be sent at once.
  private static let burst = 0.05
  private static let leastBurst = 262_144.0

  private let limits: Configuration.StreamLimits
  private let state = Mutex(State())

  init(_ limits: Configuration.StreamLimits) { self.limits = limits }

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

  /// Counts a connection in, if there is room; then ``leave()`` must follow.
  func enter() -> Bool {
    state.withLock { state in
      guard state.figures.connections < limits.connections else { return false }
      state.figures.connections += 1
      return true
    }
  }

  func leave() { state.withLock { $0.figures.connections -= 1 } }

  /// Reserves what a stream that follows takes, if there is room, or nobody else has any; then ``release(_:)`` must follow.
  ///
  /// - Parameter rate: bit/s.
  func reserve(_ rate: Double) -> Bool {
    state.withLock { state in
      guard state.figures.following == 0 || state.reserved + rate <= Double(limits.bitrate) else { return false }
      state.figures.following += 1
      state.reserved += rate
      return true
    }
  }

  func release(_ rate: Double) {
    state.withLock { state in
      state.figures.following -= 1
      state.reserved = state.figures.following == 0 ? 0 : state.reserved - rate
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
