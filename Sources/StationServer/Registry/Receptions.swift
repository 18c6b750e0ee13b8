import NIOCore
import Synchronization
import Wire

/// How all stations are received: each event loop notes once a second what its connections report, anybody reads it.
final class Receptions: Sendable {
  private struct State {
    var parts: [ObjectIdentifier: [Int: ReceptionTotals]] = [:]
    /// The answer to `receptions`, until somebody notes something.
    var answer: ByteBuffer?

    var summaries: [ReceptionSummary] {
      var totals: [Int: ReceptionTotals] = [:]
      for part in parts.values { totals.merge(part) { $0.adding($1) } }
      return totals.sorted { $0.key < $1.key }.map { $0.value.summary(of: $0.key) }
    }
  }

  private let state = Mutex(State())

  /// So many reports a second the server takes easily. Most of what one costs is the JSON, some 11 us; all of it is less
  /// than 70 us even without the compiler's optimization.
  static let reportsPerSecond = 1_000
  /// The longest time between two reports, in seconds: they also keep the connection.
  static let longestInterval = 60
  /// So many summaries are safely within a line.
  private static let linesWorth = 200

  /// Seconds between two reports of each receiver, where there are so many.
  static func interval(forReceivers count: Int) -> Int {
    max(1, min((count + reportsPerSecond - 1) / reportsPerSecond, longestInterval))
  }

  /// What an event loop's connections report now, by station; replaces what it noted before.
  func note(_ totals: [Int: ReceptionTotals], from loop: ObjectIdentifier) {
    state.withLock { state in
      if totals.isEmpty, state.parts[loop]?.isEmpty ?? true { return }
      state.parts[loop] = totals
      state.answer = nil
    }
  }

  /// In the order of the stations' numbers.
  var summaries: [ReceptionSummary] { state.withLock { $0.summaries } }

  /// The lines that answer `receptions`; put together once a second at the most, however many ask.
  func answer() -> ByteBuffer {
    state.withLock { state in
      if let answer = state.answer { return answer }
      let answer = Self.encode(state.summaries)
      state.answer = answer
      return answer
    }
  }

  private static func encode(_ summaries: [ReceptionSummary]) -> ByteBuffer {
    let encoder = MessageEncoder<ServerMessage>()
    var lines = ByteBuffer()
    var start = 0
    repeat {
      let end = min(start + linesWorth, summaries.count)
      let more = end < summaries.count ? true : nil
      try? encoder.encode(data: .receptions(.init(stations: Array(summaries[start..<end]), more: more)), out: &lines)
      start = end
    } while start < summaries.count
    return lines
  }
}

extension ReceptionTotals {
  fileprivate func adding(_ other: ReceptionTotals) -> ReceptionTotals {
    var sum = self
    sum.add(other)
    return sum
  }
}
