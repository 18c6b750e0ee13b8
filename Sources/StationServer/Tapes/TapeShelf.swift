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
/// A value that its owner changes by what recorders report; it starts none itself.
struct TapeShelf {
  let directory: String
  private(set) var queue: RecordingQueue
  private var statuses: [TapeRequest: TapeStatus] = [:]
  private var priorities: [TapeRequest: RecordingQueue.Priority] = [:]

  init(directory: String, slots: Int) {
    self.directory = directory
    queue = RecordingQueue(slots: slots)
  }

  func path(of request: TapeRequest) -> String { "\(directory)/\(request.key).ts" }

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
    queue.add(request, priority)
  }

  /// The tapes whose recorders are to be started now.
  mutating func start(at now: Int64) -> [TapeRequest] {
    let started = queue.start(at: now)
    for request in started { statuses[request] = .recording(percent: 0) }
    return started
  }

  mutating func progressed(_ request: TapeRequest, percent: Int) {
    guard case .recording = statuses[request] else { return }
    statuses[request] = .recording(percent: min(max(percent, 0), 100))
  }

  /// Takes in how a recorder's work ended. A tape that is said to be done and cannot be opened counts as a failure.
  mutating func finished(_ request: TapeRequest, _ outcome: RecordingOutcome, at now: Int64) {
    switch outcome {
    case .done:
      do {
        statuses[request] = .ready(try Tape(path: path(of: request), verify: true))
        queue.succeeded(request)
      } catch {
        remove(request)
        retry(request, reason: "\(error)", at: now)
      }
    case .bad(let reason):
      queue.gaveUp(request)
      statuses[request] = .bad(reason: reason)
      try? Data("\(reason)\n\(request.source.path)\n".utf8).write(
        to: URL(filePath: badPath(of: request)), options: .atomic)
    case .failed(let reason): retry(request, reason: reason, at: now)
    }
  }

  private mutating func retry(_ request: TapeRequest, reason: String, at now: Int64) {
    let priority = priorities[request] ?? .init(programme: .max, station: .max)
    let failures = queue.failed(request, priority, at: now)
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
  func clear(keeping kept: Set<String>, at now: Int64) -> Int {
    let files = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).compactMap { name in
      (try? FileStatus("\(directory)/\(name)")).map { TapeClearance.File(name: name, modified: $0.modified) }
    }
    let unused = TapeClearance(kept: kept).unused(among: files, now: now)
    for name in unused { try? FileManager.default.removeItem(atPath: "\(directory)/\(name)") }
    return unused.count
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
