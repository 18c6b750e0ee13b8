import Wire

/// What `tuner watch` knows, and what a key does to it. No I/O: events in, actions out.
struct WatchModel: Sendable {
  enum Action: Equatable, Sendable {
    /// To tune to the station with this number.
    case tune(Int)
    case quit
  }

  /// How long digits wait for more of them, in nanoseconds.
  static let patience: Int64 = 2_000_000_000

  /// The site's name, once the server has told it.
  var site: String?
  /// HOST:PORT.
  var server: String
  /// Whether the server answers.
  var isConnected = false
  /// In the order of their numbers.
  private(set) var stations: [StationSummary] = []
  /// How the running tuner does; nil while there is none.
  private(set) var status: SessionStatus?
  private(set) var history = History()
  /// The number of the station under the cursor.
  private(set) var selected: Int?
  /// The digits typed so far.
  private(set) var typed = ""
  /// What has last happened, in one sentence.
  var news = ""
  /// The station that is being tuned to.
  var wanted: Int?

  private var typedUntil: Int64 = 0

  init(server: String) { self.server = server }

  mutating func take(_ stations: [StationSummary]) {
    self.stations = stations
    // The cursor stays where it is, or goes to the next one where its station has gone.
    let next = stations.first { $0.number >= selected ?? status?.station.number ?? 0 } ?? stations.last
    selected = next?.number
  }

  /// - Parameter now: steady nanoseconds.
  mutating func take(_ status: SessionStatus?, now: Int64) {
    history.take(status, now: now)
    let before = self.status?.station.number
    self.status = status
    // Whoever changes station, here or elsewhere, moves the cursor along, unless it has been moved away.
    if let number = status?.station.number, number != before, selected == before || before == nil || wanted == number {
      if stations.contains(where: { $0.number == number }) { selected = number }
    }
    if wanted == status?.station.number { wanted = nil }
  }

  mutating func take(_ key: Key, now: Int64) -> Action? {
    switch key {
    case .character(let digit) where digit.isASCII && digit.isNumber:
      if typed.count < 6 { typed.append(digit) }
      typedUntil = now + Self.patience
    case .backspace:
      if !typed.isEmpty { typed.removeLast() }
      typedUntil = now + Self.patience
    case .enter where !typed.isEmpty: return dial()
    case .enter: return selected.map { tune(to: $0) }
    case .escape where !typed.isEmpty: typed = ""
    case .escape, .character("q"), .character("Q"): return .quit
    case .up, .character("k"): move(by: -1)
    case .down, .character("j"): move(by: 1)
    case .home: selected = stations.first?.number
    case .end: selected = stations.last?.number
    case .character("+"), .pageUp, .right: return zap(by: 1)
    case .character("-"), .pageDown, .left: return zap(by: -1)
    default: break
    }
    return nil
  }

  /// Time passes: a number that nobody goes on with is what was meant.
  mutating func tick(now: Int64) -> Action? {
    !typed.isEmpty && now >= typedUntil ? dial() : nil
  }

  private mutating func dial() -> Action? {
    defer { typed = "" }
    guard let number = Int(typed) else { return nil }
    guard stations.contains(where: { $0.number == number }) else {
      news = "There is no station \(number)."
      return nil
    }
    return tune(to: number)
  }

  private mutating func tune(to number: Int) -> Action {
    selected = number
    wanted = number
    return .tune(number)
  }

  private mutating func move(by step: Int) {
    guard !stations.isEmpty else { return }
    let index = stations.firstIndex { $0.number == selected } ?? 0
    selected = stations[max(0, min(stations.count - 1, index + step))].number
  }

  /// The next station or the one before, round and round, from the one that is received, or is about to be.
  private mutating func zap(by step: Int) -> Action? {
    guard !stations.isEmpty else { return nil }
    guard let current = wanted ?? status?.station.number,
      let index = stations.firstIndex(where: { $0.number == current })
    else { return selected.map { tune(to: $0) } }
    return tune(to: stations[(index + step + stations.count) % stations.count].number)
  }
}
