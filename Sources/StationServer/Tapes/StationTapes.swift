import Tape

/// A station's view of the tapes: which ones it needs, in which house format, and what it can play by now.
struct StationTapes {
  let number: Int
  let bitrate: Int?
  let card: String
  var programmes: [Programme]
  /// What the lists of its source are made of, in their order: places in ``programmes``.
  private(set) var lists: [[Int]]
  let rotations: [Rotation]
  private(set) var listings: [MediaListing] = []
  /// Files that are new in a directory or playlist: what they were when they were last looked at, and since when.
  var newcomers: [String: (source: SourceFile, since: Int64)] = [:]
  /// A sentence for what could not be read of them.
  private(set) var listingFaults: [String]
  /// The streams that all its tapes carry; known once its first tape is ready.
  var house: HouseFormat?
  /// The programme whose tape was made without a house format, and gave its own.
  var definer: Int?
  var watch = SourceWatch()
  /// How tapes were made before the configuration changed: they are played until the new ones are there.
  private(set) var formers: [Making] = []

  /// What of a tape the station's configuration has a say in, besides its source and its house format.
  struct Making: Hashable {
    var bitrate: Int?
    var card: String
  }

  struct Programme: Sendable {
    let file: String
    let title: String?
    /// Nil while the file is not there.
    var source: SourceFile?

    fileprivate var listed: ProgrammeSource { ProgrammeSource(file: file, title: title) }
  }

  init(_ station: StationConfiguration) {
    number = station.number
    bitrate = station.bitrate
    card = station.name
    house = station.format
    rotations = station.source.rotations
    (programmes, lists, listingFaults) = ([], [], [])
    take(rotations.map { MediaListing($0) })
  }

  /// The same station's tapes as the configuration has it now. It keeps its house format unless it is given another one,
  /// for receivers go on, and goes on with tapes made with other settings until the new ones are there.
  ///
  /// - Parameter played: the format that the station has on the air; nil when it is not.
  func changed(to station: StationConfiguration, played: HouseFormat?) -> StationTapes {
    var next = StationTapes(station)
    next.house = station.format ?? house ?? played
    guard let house, next.house == house else { return next }
    let giver = station.format == nil ? definer.flatMap { programmes[$0].source } : nil
    next.definer = giver.flatMap { giver in next.programmes.firstIndex { $0.source == giver } }
    let former = Making(bitrate: bitrate, card: card)
    let now = Making(bitrate: next.bitrate, card: next.card)
    next.formers = ([former] + formers).filter { $0 != now }.reduce(into: []) { known, making in
      if !known.contains(making), known.count < Self.mostFormers { known.append(making) }
    }
    return next
  }

  /// More edits than these, and the oldest tapes are not looked for.
  private static let mostFormers = 4

  /// Takes up what its lists were found to be made of. A programme that stays in them keeps what is known of it.
  mutating func take(_ listings: [MediaListing]) {
    self.listings = listings
    let before = programmes
    let known = Dictionary(before.enumerated().map { ($1.listed, $0) }, uniquingKeysWith: { first, _ in first })
    let giver = definer.map { before[$0].listed }
    var places: [ProgrammeSource: Int] = [:]
    programmes = []
    lists = listings.map { listing in
      listing.programmes.map { listed in
        if let place = places[listed] { return place }
        places[listed] = programmes.count
        programmes.append(
          known[listed].map { before[$0] }
            ?? Programme(file: listed.file, title: listed.title, source: try? SourceFile(listed.file)))
        return programmes.count - 1
      }
    }
    definer = giver.flatMap { places[$0] }
    listingFaults = listings.flatMap(\.faults)
    watch = SourceWatch()
  }

  func request(_ source: SourceFile, _ format: HouseFormat?) -> TapeRequest {
    request(source, format, Making(bitrate: bitrate, card: card))
  }

  func request(_ source: SourceFile, _ format: HouseFormat?, _ making: Making) -> TapeRequest {
    TapeRequest(
      source: source, format: format, bitrate: making.bitrate, card: format?.video == nil ? nil : making.card)
  }

  /// The keys of all tapes that it may want, as far as the house format is known.
  var keys: Set<String> {
    let sources = programmes.compactMap(\.source)
    let makings = [Making(bitrate: bitrate, card: card)] + formers
    return Set(
      sources.flatMap { source in
        makings.flatMap { [request(source, nil, $0).key, request(source, house, $0).key] }
      })
  }

}
