import FoundationEssentials
import LinuxIO
import Tape

/// The tapes directory: which tapes are there, which are being made, and which never will be.
///
///     KEY.ts KEY.index       a tape
///     KEY.bad                why its source cannot be played
///     *.part                 what recorders are writing
///     air/SSRC.json          a station's eras
///
/// and the cards directory, whose card tapes are small, many, and soon of no use.
///
/// A value that its owner changes by what recorders report; it starts none itself.
struct TapeShelf {
  let directory: String
  /// Where card tapes are: in memory rather than on the disk, which may be what a station lost its programmes with.
  let cards: String
  private var queue: RecordingQueue
  /// Whether it only looks, beside the stationd whose directory it is.
  var isReadOnly = false
  /// Cards wait for no programme: they are needed now, and made in a moment.
  private var cardQueue = RecordingQueue(slots: 2)
  private var statuses: [TapeRequest: TapeStatus] = [:]
  private var priorities: [TapeRequest: RecordingQueue.Priority] = [:]

  init(directory: String, cards: String, slots: Int) {
    self.directory = directory
    self.cards = cards
    queue = RecordingQueue(slots: slots)
  }

  func path(of request: TapeRequest) -> String {
    "\(request.source == nil ? cards : directory)/\(request.key).ts"
  }

  /// Whether this is the path of a card tape.
  func isCard(_ path: String) -> Bool { Paths.directory(of: path) == cards }

  /// How far a tape is; the first time, the directory tells.
  mutating func status(of request: TapeRequest) -> TapeStatus {
    if let known = statuses[request] { return known }
    let found = look(for: request)
    statuses[request] = found
    return found
  }

  private func look(for request: TapeRequest) -> TapeStatus {
    if let reason = try? String(contentsOfFile: badPath(of: request), encoding: .utf8) {
      return .bad(reason: reason.trimmingPrefix { $0.isWhitespace }.split(separator: "\n").first.map(String.init) ?? "")
    }
    let path = path(of: request)
    guard FileManager.default.fileExists(atPath: path) else { return .absent }
    do {
      return .ready(try Tape(path: path, verify: false))
    } catch {
      remove(request)  // damaged, or of an older make: it is made anew
      return .absent
    }
  }

  private func badPath(of request: TapeRequest) -> String {
    var plain = request
    plain.format = nil
    plain.card = nil
    return "\(directory)/\(plain.key).bad"
  }

  private func remove(_ request: TapeRequest) {
    guard !isReadOnly else { return }
    let path = path(of: request)
    try? FileManager.default.removeItem(atPath: "\(path.dropLast(3)).index")
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Sees to it that a tape gets made.
  mutating func want(_ request: TapeRequest, _ priority: RecordingQueue.Priority) {
    switch status(of: request) {
    case .absent: statuses[request] = .waiting(failures: 0, reason: nil)
    case .waiting: break
    case .recording, .ready, .bad: return
    }
    priorities[request] = min(priority, priorities[request] ?? priority)
    change(queueOf: request) { $0.add(request, priority) }
  }

  private mutating func change<T>(queueOf request: TapeRequest, _ body: (inout RecordingQueue) -> T) -> T {
    request.source == nil ? body(&cardQueue) : body(&queue)
  }

  /// When a tape that is held back by a failure may be tried; nil when none is, or no recorder is free.
  var nextTry: Int64? { [queue.nextTry, cardQueue.nextTry].compactMap(\.self).min() }

  /// Nobody wants a tape any more: it is not begun. One that is being made is finished, for what it is worth.
  mutating func withdraw(_ request: TapeRequest) {
    guard case .waiting = statuses[request], change(queueOf: request, { $0.remove(request) }) else { return }
    (statuses[request], priorities[request]) = (nil, nil)
  }

  /// The tapes whose recorders are to be started now.
  mutating func start(at now: Int64) -> [TapeRequest] {
    let started = cardQueue.start(at: now) + queue.start(at: now)
    for request in started {
      guard case .waiting(let failures, let reason) = statuses[request] else { continue }
      statuses[request] = .recording(percent: 0, failures: failures, reason: reason)
    }
    return started
  }

  mutating func progressed(_ request: TapeRequest, percent: Int) {
    guard case .recording(_, let failures, let reason) = statuses[request] else { return }
    statuses[request] = .recording(percent: min(max(percent, 0), 100), failures: failures, reason: reason)
  }

  /// Takes in how a recorder's work ended. A tape that is said to be done and cannot be opened counts as a failure.
  mutating func finished(_ request: TapeRequest, _ outcome: RecordingOutcome, at now: Int64) {
    switch outcome {
    case .done:
      do {
        statuses[request] = .ready(try Tape(path: path(of: request), verify: true))
        change(queueOf: request) { $0.succeeded(request) }
      } catch {
        remove(request)
        retry(request, reason: "\(error)", at: now)
      }
    case .bad(let reason):
      guard let source = request.source else { return retry(request, reason: reason, at: now) }
      queue.gaveUp(request)
      statuses[request] = .bad(reason: reason)
      try? Data("\(reason)\n\(source.path)\n".utf8).write(to: URL(filePath: badPath(of: request)), options: .atomic)
    case .failed(let reason): retry(request, reason: reason, at: now)
    }
  }

  private mutating func retry(_ request: TapeRequest, reason: String, at now: Int64) {
    let priority = priorities[request] ?? .init(programme: .max, station: .max)
    let failures = change(queueOf: request) { $0.failed(request, priority, at: now) }
    statuses[request] = .waiting(failures: failures, reason: reason)
  }

  /// Throws away a tape that turned out damaged; whoever wants it will have it made anew.
  mutating func discard(_ request: TapeRequest) {
    guard case .ready = statuses[request] else { return }
    remove(request)
    statuses[request] = .absent
  }

  /// Notes in a tape's index that it is in use: ``TapeClearance`` goes by that. `path`: `….ts`; `now`: Unix nanoseconds.
  static func touch(_ path: String, at now: Int64) {
    let date = Date(timeIntervalSince1970: Double(now) / 1e9)
    try? FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(path.dropLast(3)).index")
  }

  /// Removes tapes that have not been in use for long and are not among `kept`, by their keys.
  ///
  /// - Parameter now: Unix nanoseconds.
  /// - Returns: how many files.
  mutating func clear(keeping kept: Set<String>, at now: Int64) -> Int {
    let removed = Self.clear(directory, TapeClearance(kept: kept), at: now)
    forget(removed) { $0.source != nil }
    return removed.count
  }

  /// Removes card tapes that are not among `kept` and were not made just now.
  mutating func clearCards(keeping kept: Set<String>, at now: Int64) {
    let clearance = TapeClearance(kept: kept, patience: TapeClearance.cardPatience)
    forget(Self.clear(cards, clearance, at: now)) { $0.source == nil }
  }

  /// Whoever wants tapes again whose files were removed finds that they are not there.
  private mutating func forget(_ removed: [String], among isOne: (TapeRequest) -> Bool) {
    let keys = Set(removed.compactMap(TapeClearance.key))
    guard !keys.isEmpty else { return }
    for (request, status) in statuses where isOne(request) && keys.contains(request.key) {
      switch status {
      case .ready, .bad, .absent: (statuses[request], priorities[request]) = (nil, nil)
      case .waiting, .recording: break  // its end says how it is
      }
    }
  }

  private static func clear(_ directory: String, _ clearance: TapeClearance, at now: Int64) -> [String] {
    let files = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).compactMap { name in
      (try? FileStatus("\(directory)/\(name)")).map { TapeClearance.File(name: name, modified: $0.modified) }
    }
    let unused = clearance.unused(among: files, now: now)
    for name in unused { try? FileManager.default.removeItem(atPath: "\(directory)/\(name)") }
    return unused
  }

  /// All tapes that are ready, by what they were asked for.
  var ready: [TapeRequest] {
    statuses.compactMap { request, status in if case .ready = status { request } else { nil } }
  }

  /// Removes what recorders of an earlier run left unfinished. Only for whoever holds the directory's lock.
  static func removeParts(in directory: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] where name.hasSuffix(".part") {
      try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
    }
  }
}
