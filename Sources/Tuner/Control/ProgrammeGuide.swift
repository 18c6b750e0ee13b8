import Wire

/// What was on when, as far as a server has told: for titles of what is received later than it was on the air.
struct ProgrammeGuide: Sendable {
  /// In the order of their starts; as many as a day of short ones has.
  private(set) var programmes: [Programme] = []
  private static let most = 2000

  mutating func take(_ more: [Programme]) {
    for programme in more {
      let index = programmes.firstIndex { $0.start >= programme.start } ?? programmes.endIndex
      if index < programmes.endIndex, programmes[index].start == programme.start {
        programmes[index] = programme
      } else {
        programmes.insert(programme, at: index)
      }
    }
    if programmes.count > Self.most { programmes.removeFirst(programmes.count - Self.most) }
  }

  mutating func take(_ station: StationSummary) { take([station.now, station.next].compactMap(\.self)) }

  /// What was on at a date (seconds since the Unix epoch).
  func programme(at date: Double) -> Programme? {
    guard let last = programmes.last(where: { $0.start <= date }) else { return nil }
    return last.isOpen || date < last.end ? last : nil
  }
}
