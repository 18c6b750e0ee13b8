/// Which tape is made next: an event in, a decision out; it starts nothing itself, and time is told to it.
struct RecordingQueue {
  /// Earlier comes first: every station's first programme before any station's second one.
  struct Priority: Comparable, Sendable {
    var programme: Int
    var station: Int

    static func < (a: Priority, b: Priority) -> Bool { (a.programme, a.station) < (b.programme, b.station) }
  }

  private struct Waiting {
    var priority: Priority
    var notBefore: Int64
  }

  /// How many recorders run at once, at most.
  let slots: Int
  private var waiting: [TapeRequest: Waiting] = [:]
  private var running: Set<TapeRequest> = []
  private var failures: [TapeRequest: Int] = [:]

  init(slots: Int) { self.slots = max(1, slots) }

  /// Asks for a tape; one that is asked for already keeps its place, or gets the better one.
  mutating func add(_ request: TapeRequest, _ priority: Priority) {
    guard !running.contains(request) else { return }
    if let place = waiting[request] {
      waiting[request]?.priority = min(place.priority, priority)
    } else {
      waiting[request] = Waiting(priority: priority, notBefore: .min)
    }
  }

  /// The tapes to begin now. `now`: steady nanoseconds.
  mutating func start(at now: Int64) -> [TapeRequest] {
    let due = waiting.filter { $0.value.notBefore <= now }.sorted { $0.value.priority < $1.value.priority }
    let started = due.prefix(max(0, slots - running.count)).map(\.key)
    for request in started {
      waiting[request] = nil
      running.insert(request)
    }
    return started
  }

  /// When the next tape that is held back by a failure may be tried; nil when none is, or no recorder is free.
  var nextTry: Int64? {
    running.count < slots ? waiting.values.map(\.notBefore).min() : nil
  }

  /// Nobody wants a tape any more; false when its recorder is at work already.
  mutating func remove(_ request: TapeRequest) -> Bool {
    guard !running.contains(request) else { return false }
    waiting[request] = nil
    failures[request] = nil
    return true
  }

  mutating func succeeded(_ request: TapeRequest) {
    running.remove(request)
    failures[request] = nil
  }

  /// A source that is no media: given up.
  mutating func gaveUp(_ request: TapeRequest) { succeeded(request) }

  /// Puts a tape back in the queue, to wait longer the more often it failed: 1, 4, 16, 64, 256 s.
  /// - Returns: how often in a row.
  @discardableResult
  mutating func failed(_ request: TapeRequest, _ priority: Priority, at now: Int64) -> Int {
    running.remove(request)
    let count = (failures[request] ?? 0) + 1
    failures[request] = count
    let seconds: Int64 = 1 << (2 * Int64(min(count - 1, 4)))
    waiting[request] = Waiting(priority: priority, notBefore: now + seconds * 1_000_000_000)
    return count
  }
}
