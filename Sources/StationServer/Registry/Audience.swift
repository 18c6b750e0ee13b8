import TransportStream
import Wire

/// Who is connected, and who receives which station.
struct Audience {
  typealias Connection = Int

  private struct Member {
    var station: Int?
    let pushes: AsyncStream<StationSummary>.Continuation
  }

  private var members: [Connection: Member] = [:]
  private var counts: [Int: Int] = [:]
  private var told: [Int: Ticks] = [:]
  private var last: Connection = 0

  /// A new connection, and what will be pushed to it: the newest few when it is slow to take them.
  mutating func connect() -> (Connection, AsyncStream<StationSummary>) {
    last += 1
    let (pushes, continuation) = AsyncStream.makeStream(of: StationSummary.self, bufferingPolicy: .bufferingNewest(4))
    members[last] = Member(pushes: continuation)
    return (last, pushes)
  }

  mutating func disconnect(_ connection: Connection) {
    _ = leave(connection)
    members.removeValue(forKey: connection)?.pushes.finish()
  }

  /// How many receive a station.
  func count(_ station: Int) -> Int { counts[station] ?? 0 }

  /// The stations that anyone receives.
  var stations: [Int] { counts.keys.sorted() }

  /// Counts a connection among a station's receivers, no longer among another's.
  mutating func join(_ connection: Connection, _ station: Int, _ summary: (Int) -> StationSummary) -> StationSummary {
    _ = leave(connection)
    members[connection]?.station = station
    if members[connection] != nil { counts[station, default: 0] += 1 }
    let summary = summary(count(station))
    return summary
  }

  /// Returns the station that the connection received, if any.
  mutating func leave(_ connection: Connection) -> Int? {
    guard let station = members[connection]?.station else { return nil }
    members[connection]?.station = nil
    let left = count(station) - 1
    counts[station] = left > 0 ? left : nil
    if left <= 0 { told[station] = nil }
    return station
  }

  /// Whether the programme that begins at `start` is another than the one last asked about; the first is not news.
  mutating func isNews(_ station: Int, start: Ticks) -> Bool {
    let before = told.updateValue(start, forKey: station)
    return before != nil && before != start
  }

  /// Pushes a station's news to those who receive it.
  func tell(_ summary: StationSummary) {
    for member in members.values where member.station == summary.number { member.pushes.yield(summary) }
  }
}
