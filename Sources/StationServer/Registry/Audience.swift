import Synchronization

/// How many connections receive each station. Written by the connections, read by the registry.
final class Audience: Sendable {
  private struct State {
    var counts: [Int: Int] = [:]
    var total = 0
    /// The stations whose count has changed since the registry last asked.
    var news: Set<Int> = []

    mutating func add(_ number: Int, to station: Int?) {
      guard let station else { return }
      let count = (counts[station] ?? 0) + number
      counts[station] = count > 0 ? count : nil
      total += number
      news.insert(station)
    }
  }

  private let state = Mutex(State())

  /// How many receive a station.
  func count(_ station: Int) -> Int { state.withLock { $0.counts[station] ?? 0 } }

  /// How many receive any station.
  var total: Int { state.withLock { $0.total } }

  /// Counts a connection among the receivers of `station`, no longer among those of `former`; returns how many receive
  /// `station` then.
  @discardableResult
  func move(from former: Int?, to station: Int?) -> Int {
    state.withLock { state in
      state.add(-1, to: former)
      state.add(1, to: station)
      return station.flatMap { state.counts[$0] } ?? 0
    }
  }

  /// The stations whose count has changed since this was last asked.
  func takeNews() -> Set<Int> {
    state.withLock { state in
      defer { state.news = [] }
      return state.news
    }
  }
}
