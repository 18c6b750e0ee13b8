import Wire

/// The keys of a remote control, out of the bytes that a terminal sends: digits and Enter, up and down. Bytes in, wishes out.
struct RemoteControl {
  enum Wish: Equatable {
    case quit
    /// The station with this number.
    case station(Int)
    /// The list of stations, to go up or down in: ``receive(_:current:)``.
    case list
    /// The number that is being typed has changed; empty when it was given up.
    case typing(String)
  }

  /// How often the list is asked for at the most: a key that is held down repeats thirty times a second. And how long it is
  /// waited for. Steady nanoseconds.
  private static let leastPause: Int64 = 200_000_000
  private static let longestWait: Int64 = 5_000_000_000
  /// How long a number may stand without another digit before it counts, in steady nanoseconds.
  static let patience: Int64 = 2_000_000_000
  /// Station numbers have no more digits.
  private static let digits = 5

  /// The digits so far.
  private(set) var number = ""
  private var typed: Int64 = 0
  /// How many places up in the list are asked for, and what has come of the list since.
  private var steps = 0
  /// When the list was asked for last, in steady nanoseconds, and whether it has not come yet.
  private var asked: Int64?
  private var isAwaited = false
  private var stations: [Int] = []
  /// Within an escape sequence (ECMA-48): how many bytes of it have come.
  private var escape = 0

  mutating func press(_ key: UInt8, now: Int64) -> Wish? {
    if escape > 0 { return sequence(key, now: now) }
    switch key {
    case UInt8(ascii: "q"), UInt8(ascii: "Q"), 0x04: return .quit
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      guard number.count < Self.digits else { return nil }
      number.append(Character(UnicodeScalar(key)))
      typed = now
      return .typing(number)
    case 0x0A, 0x0D: return entered()
    case 0x08, 0x7F:
      guard !number.isEmpty else { return nil }
      number.removeLast()
      typed = now
      return .typing(number)
    case 0x1B:
      escape = 1
      return nil
    case UInt8(ascii: "+"), UInt8(ascii: "k"): return step(by: 1, now: now)
    case UInt8(ascii: "-"), UInt8(ascii: "j"): return step(by: -1, now: now)
    default: return nil
    }
  }

  /// Lets time pass: a number that stands for long enough is meant, and steps that were kept back are asked for.
  mutating func tick(now: Int64) -> Wish? {
    if steps != 0, let wish = list(now: now) { return wish }
    return number.isEmpty || now - typed < Self.patience ? nil : entered()
  }

  /// ESC [ or ESC O, parameters, and a last byte: A is up, B is down.
  private mutating func sequence(_ key: UInt8, now: Int64) -> Wish? {
    escape += 1
    if escape == 2 {
      guard key == UInt8(ascii: "[") || key == UInt8(ascii: "O") else {
        escape = 0
        return nil
      }
      return nil
    }
    guard (0x40...0x7E).contains(key) || escape > 16 else { return nil }
    escape = 0
    switch key {
    case UInt8(ascii: "A"): return step(by: 1, now: now)
    case UInt8(ascii: "B"): return step(by: -1, now: now)
    default: return nil
    }
  }

  private mutating func step(by count: Int, now: Int64) -> Wish? {
    number = ""
    steps += count
    return list(now: now)
  }

  /// Asks for the list, unless it was asked for just now: what is pressed meanwhile counts when it comes.
  private mutating func list(now: Int64) -> Wish? {
    if let asked, now - asked < (isAwaited ? Self.longestWait : Self.leastPause) { return nil }
    (asked, isAwaited, stations) = (now, true, [])
    return .list
  }

  /// Takes a part of the list of stations.
  ///
  /// - Returns: the number of the station to go to, when all of the list is there and was asked for.
  mutating func receive(_ page: ServerMessage.Stations, current: Int) -> Int? {
    guard isAwaited else { return nil }
    stations += page.stations.filter(\.state.isReceivable).map(\.number)
    // More than there can be: no answer that is of use.
    if stations.count > StationList.most { (steps, stations) = (0, []) }
    guard page.more != true else { return nil }
    defer { (steps, stations, isAwaited) = (0, [], false) }
    return steps == 0 ? nil : Self.neighbour(of: current, by: steps, among: stations)
  }

  private mutating func entered() -> Wish? {
    guard !number.isEmpty else { return nil }
    defer { number = "" }
    guard let wanted = Int(number), wanted > 0 else { return .typing("") }
    return .station(wanted)
  }

  /// The number of the station `count` places after `current` among `numbers`, round and round; nil when there is no other.
  static func neighbour(of current: Int, by count: Int, among numbers: [Int]) -> Int? {
    let sorted = Set(numbers).subtracting([current]).sorted()
    guard !sorted.isEmpty else { return nil }
    let above = sorted.firstIndex { $0 > current } ?? sorted.count
    let place = count > 0 ? above + count - 1 : above + count
    return sorted[((place % sorted.count) + sorted.count) % sorted.count]
  }
}
