import Tape

/// What the card of a station says that has no programme to show, and which tape that takes.
struct StandbyCard {
  /// Under the station's name.
  private(set) var line: String?
  /// The tape that is wanted; nil while there are programmes, or nobody knows yet what streams the station has.
  private(set) var request: TapeRequest?
  /// Steady nanoseconds.
  private var changed = Int64.min

  /// A card is shown for so long at the least before it says how far things are by now: 4 s, in nanoseconds.
  static let stillness: Int64 = 4_000_000_000

  /// The line for a look at the station's tapes: how far the first one is in steps of ten percent, or that there is none.
  static func line(_ review: StationTapes.Review) -> String {
    guard !review.isHopeless else { return "back soon" }
    return "preparing \(min(max(review.percent, 0), 100) / 10 * 10) %"
  }

  /// Whether another line is to be said at `now`, steady nanoseconds.
  func isOutdated(by review: StationTapes.Review, at now: Int64) -> Bool {
    guard let line, request != nil else { return false }
    let next = Self.line(review)
    // Another kind of news does not wait: only a percentage does.
    return next != line && (next.first != line.first || now - Self.stillness >= changed)
  }

  /// The station has nothing to play.
  ///
  /// - Parameters:
  ///   - name: the station's.
  ///   - house: its format; nil while that is not known.
  ///   - now: steady nanoseconds.
  mutating func show(
    _ review: StationTapes.Review, name: String, house: HouseFormat?, bitrate: Int?, at now: Int64
  ) {
    guard let house else { return }
    if line == nil || isOutdated(by: review, at: now) {
      line = Self.line(review)
      changed = now
    }
    request = line.map { TapeRequest(cardWith: [name, $0], format: house, bitrate: bitrate) }
  }

  /// The station has something to play.
  mutating func hide() { self = StandbyCard() }
}
