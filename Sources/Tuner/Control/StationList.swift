import Wire

/// A server's list of stations, kept fresh by answers to `list` with `since`.
struct StationList: Sendable {
  /// In the order of their numbers.
  private(set) var stations: [StationSummary] = []
  /// The revision of the list, for the next `since`; nil before the first.
  private(set) var revision: Int?
  /// What came of an answer of several lines so far.
  private var pages: [StationSummary] = []
  /// Whether the answer has more stations than there can be: then it is none.
  private var isTooLong = false

  /// Station numbers have 16 bits: a server that lists more than this has lost its mind, or means ill.
  static let most = 65_535

  /// What to ask.
  var request: ClientMessage { .list(since: revision) }

  /// Takes one line of an answer; true when that completed it and stations may have changed.
  mutating func receive(_ page: ServerMessage.Stations) -> Bool {
    isTooLong = isTooLong || pages.count + page.stations.count > Self.most
    if isTooLong { pages = [] } else { pages += page.stations }
    if page.more == true { return false }
    defer { (pages, isTooLong) = ([], false) }
    if isTooLong { return false }
    revision = page.revision
    guard page.since != nil else {
      stations = pages
      return true
    }
    for station in pages where stations.count < Self.most {
      if let index = stations.firstIndex(where: { $0.number >= station.number }) {
        if stations[index].number == station.number {
          stations[index] = station
        } else {
          stations.insert(station, at: index)
        }
      } else {
        stations.append(station)
      }
    }
    return !pages.isEmpty
  }

  /// Another server, or a new connection: its list comes as a whole.
  mutating func restart() {
    revision = nil
    (pages, isTooLong) = ([], false)
  }
}
