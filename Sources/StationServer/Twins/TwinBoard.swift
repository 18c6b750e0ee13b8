import FoundationEssentials
import NIOCore
import Synchronization
import Wire

/// What stands there for twins to ask: this server's account, encoded once for each change.
final class TwinBoard: Sendable {
  private struct State {
    var twins: [String]
    var revision = 0
    var account = ByteBuffer()
    /// The numbers of the live stations that are on the air here.
    var live: [Int] = []
  }

  private let state: Mutex<State>
  private let airs: AirBoard
  private let clock: AirTime

  /// - Parameters:
  ///   - twins: the control addresses that clients are told.
  ///   - airs: where it stands how far the live stations are.
  init(twins: [String], airs: AirBoard, clock: AirTime) {
    state = Mutex(State(twins: twins))
    (self.airs, self.clock) = (airs, clock)
  }

  /// What clients are told of other servers; nil when there are none.
  var twins: [String]? { state.withLock { $0.twins.isEmpty ? nil : $0.twins } }

  /// One of the addresses has turned out to be this server's own.
  func remove(_ address: String) { state.withLock { $0.twins.removeAll { $0 == address } } }

  /// Takes up another account.
  func publish(_ account: AirAccount) {
    guard let data = try? JSONEncoder().encode(account), data.count <= ServerMessage.Eras.most else { return }
    let bytes = ByteBuffer(bytes: data)
    state.withLock { state in
      // Anywhere at first, so that a revision of an earlier run is none of this one's.
      state.revision = state.revision == 0 ? Int.random(in: 1..<1 << 52) : state.revision + 1
      state.account = bytes
      state.live = account.stations.filter { $0.isLive && !$0.eras.isEmpty }.map(\.number)
    }
  }

  /// The answer to `eras`: a line, and behind it the whole account, unless the asker has it. All answers share the account's
  /// bytes.
  func answer(since: Int?) -> [ByteBuffer]? {
    let (revision, account, live) = state.withLock { ($0.revision, $0.account, $0.live) }
    guard revision != 0 else { return nil }
    let isKnown = since == revision
    let now = clock.now
    let next = live.compactMap { number in airs.air(number).map { ("\(number)", $0.station.index(at: now)) } }
    var told = ByteBuffer()
    let line = ServerMessage.eras(
      .init(
        revision: revision, bytes: isKnown ? 0 : account.readableBytes,
        next: next.isEmpty ? nil : Dictionary(next, uniquingKeysWith: { first, _ in first })))
    do { try MessageEncoder<ServerMessage>().encode(data: line, out: &told) } catch { return nil }
    return isKnown ? [told] : [told, account]
  }
}
