import NIOCore
import Synchronization
import Wire

/// What clients are told of the stations: the registry writes it at each change, every connection reads it where it
/// stands, without waiting for anybody.
///
/// A station is encoded once for each change of its own, whoever asks and how often; a list is put together once for each
/// revision, and what has changed since an earlier one once for each of a few of those.
final class StationBoard: Sendable {
  typealias Encoder = @Sendable (StationSummary) throws -> EncodedStation
  typealias Composer = @Sendable (_ stations: [EncodedStation], _ revision: Int, _ since: Int?) -> ByteBuffer
  /// What those who receive a station are to hear.
  struct News: Sendable {
    /// The first one that it is part of.
    let revision: Int
    /// By the numbers of the stations.
    var lines: [Int: ByteBuffer] = [:]
    /// The stations that there are no more.
    var gone: Set<Int> = []
  }

  private struct Entry {
    var joined: ServerMessage.Joined
    var encoded: EncodedStation
    /// The revision that it is part of since its last change.
    var revision: Int
  }

  private struct State {
    /// In the order of their numbers.
    var entries: [Entry] = []
    var revision: Int
    /// What has changed since an earlier one than this cannot be told: a station has gone since, or another server told it.
    var floor: Int
    /// Answers to `list` that were asked for in this revision, by the revision that the client had.
    var answers: [Int?: ByteBuffer] = [:]
    var tell: (@Sendable (News) -> Void)?
  }

  private let encode: Encoder
  private let compose: Composer
  private let state: Mutex<State>

  /// So many answers are kept, and the whole list, however many older lists clients have.
  static let mostAnswers = 32

  /// - Parameters:
  ///   - firstRevision: revisions count on from here; far from those of any earlier run of this server.
  ///   - encode: makes a station's bytes. Tests count what is asked of it, and of `compose`.
  ///   - compose: makes a list's bytes.
  init(
    firstRevision: Int, encode: @escaping Encoder = { try EncodedStation($0) },
    compose: @escaping Composer = { EncodedStation.list($0, revision: $1, since: $2) }
  ) {
    self.encode = encode
    self.compose = compose
    state = Mutex(State(revision: firstRevision, floor: firstRevision))
  }

  /// Whom to tell of changes that those who receive a station act on: all but its count of receivers and progress.
  func tellNews(_ tell: @escaping @Sendable (News) -> Void) { state.withLock { $0.tell = tell } }

  /// Takes up stations that may have changed, the others stay: encodes those that have, and tells of them. For one writer.
  ///
  /// A station that cannot be encoded stays as it was, and its number is returned.
  @discardableResult
  func publish(_ stations: [ServerMessage.Joined]) -> [Int] {
    var entries = state.withLock { $0.entries }
    let revision = state.withLock { $0.revision } + 1
    var places = [Int: Int](minimumCapacity: entries.count)
    for (place, entry) in entries.enumerated() { places[entry.joined.station.number] = place }
    var (news, failed): (News, [Int]) = (News(revision: revision), [])
    var isNew = false
    for joined in stations {
      let number = joined.station.number
      let before = places[number].map { entries[$0] }
      if before?.joined == joined { continue }
      var encoded = before?.encoded
      if before?.joined.station != joined.station {
        do { encoded = try encode(joined.station) } catch { failed.append(number) }
      }
      guard let encoded, failed.last != number else { continue }
      isNew = true
      let entry = Entry(joined: joined, encoded: encoded, revision: revision)
      if let place = places[number] { entries[place] = entry } else { entries.append(entry) }
      if let before, before.joined.station.withoutCounts != joined.station.withoutCounts {
        news.lines[number] = encoded.changed
      }
    }
    guard isNew else { return failed }
    if entries.count > places.count { entries.sort { $0.joined.station.number < $1.joined.station.number } }
    let tell = state.withLock { state in
      state.entries = entries
      state.revision = revision
      state.answers = [:]
      return state.tell
    }
    if !news.lines.isEmpty { tell?(news) }
    return failed
  }

  /// Takes stations off that there are no more, and tells of them. For the same writer.
  func remove(_ numbers: Set<Int>) {
    let (tell, revision) = state.withLock { state in
      state.entries.removeAll { numbers.contains($0.joined.station.number) }
      state.revision += 1
      state.floor = state.revision
      state.answers = [:]
      return (state.tell, state.revision)
    }
    tell?(News(revision: revision, gone: numbers))
  }

  /// The stations as clients are told of them.
  var stations: [StationSummary] { state.withLock { $0.entries.map(\.joined.station) } }

  /// How many stations there are.
  var count: Int { state.withLock { $0.entries.count } }

  /// The answer to `list`: those stations that have changed since a revision that this server has given; or all, when one
  /// has gone since, and when clients ask for so many different revisions that an answer to each would cost too much time and memory.
  func list(since: Int? = nil) -> ByteBuffer {
    state.withLock { state in
      var since = since.flatMap { (state.floor...state.revision).contains($0) ? $0 : nil }
      if let answer = state.answers[since] { return answer }
      if since != nil, state.answers.count >= Self.mostAnswers {
        since = nil
        if let whole = state.answers[since] { return whole }
      }
      let stations = state.entries.lazy.filter { $0.revision > since ?? -1 }.map(\.encoded)
      let answer = compose(Array(stations), state.revision, since)
      state.answers[since] = answer
      return answer
    }
  }

  /// How many answers are kept at present.
  var keptAnswers: Int { state.withLock { $0.answers.count } }

  /// All that a receiver of the station needs, and the revision that it is part of; nil when there is none with this number.
  func joining(_ number: Int) -> (station: ServerMessage.Joined, revision: Int)? {
    state.withLock { state in
      let entries = state.entries
      var (low, high) = (0, entries.count)
      while low < high {
        let middle = (low + high) / 2
        if entries[middle].joined.station.number < number { low = middle + 1 } else { high = middle }
      }
      guard low < entries.count, entries[low].joined.station.number == number else { return nil }
      return (entries[low].joined, state.revision)
    }
  }

  /// All that a receiver of the station needs; nil when there is none with this number.
  func station(_ number: Int) -> ServerMessage.Joined? { joining(number)?.station }
}

extension StationSummary {
  /// What a viewer acts on.
  fileprivate var withoutCounts: StationSummary {
    var copy = self
    copy.receivers = 0
    copy.progress = nil
    return copy
  }
}
