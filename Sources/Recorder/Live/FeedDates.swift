/// When what a feed brings was captured, as far as anybody here can know: on our steady clock, as the feed's own times say
/// it and not as the network shook it.
struct FeedDates: Sendable {
  private var offset: Int64?

  /// Nanoseconds that something may come later than its own time says, before it is believed that its time has jumped.
  static let jump: Int64 = 500_000_000

  /// - Parameters:
  ///   - pts: 90 kHz.
  ///   - arrival: steady, nanoseconds.
  mutating func date(of pts: Int64, arrival: Int64) -> Int64 {
    let time = pts * 100_000 / 9
    if let offset, time + offset <= arrival, arrival - (time + offset) <= FeedDates.jump { return time + offset }
    offset = arrival - time
    return arrival
  }
}
