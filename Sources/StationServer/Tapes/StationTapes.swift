import Tape
import Timetables

/// A station's view of the tapes: which ones it needs, in which house format, and what it can play by now.
struct StationTapes {
  let number: Int
  let bitrate: Int?
  let card: String
  private(set) var programmes: [Programme]
  /// What the lists of its source are made of, in their order: places in ``programmes``.
  private(set) var lists: [[Int]]
  let rotations: [Rotation]
  private var listings: [MediaListing] = []
  /// Files that are new in a directory or playlist: what they were when they were last looked at, and since when.
  private var newcomers: [String: (source: SourceFile, since: Int64)] = [:]
  /// A sentence for what could not be read of them.
  private var listingFaults: [String]
  /// The streams that all its tapes carry; known once its first tape is ready.
  private(set) var house: HouseFormat?
  /// The programme whose tape was made without a house format, and gave its own.
  private var definer: Int?
  private var watch = SourceWatch()
  /// How tapes were made before the configuration changed: they are played until the new ones are there.
  private var formers: [Making] = []

  /// What of a tape the station's configuration has a say in, besides its source and its house format.
  private struct Making: Hashable {
    var bitrate: Int?
    var card: String
  }

  struct Programme: Sendable {
    let file: String
    let title: String?
    /// Nil while the file is not there.
    fileprivate(set) var source: SourceFile?

    fileprivate var listed: ProgrammeSource { ProgrammeSource(file: file, title: title) }
  }

  /// A programme that can be played.
  struct Playable: Sendable {
    let programme: Int
    let request: TapeRequest
    let tape: Tape
  }

  /// What a look at the tapes found.
  struct Review {
    var wanted: [(request: TapeRequest, programme: Int)] = []
    /// In the order of the schedule.
    var playable: [Playable] = []
    /// A sentence for each programme that cannot be played.
    var faults: [String] = []
    /// How far the tape is that the station waits for, in percent.
    var percent = 0

    /// Whether there is nothing to play, and nothing that is just being made: whatever is wanted has failed often.
    var isHopeless = false
  }

  private static let gone = "is not there any more"

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

  /// A tape of the same source and house format that was made with earlier settings.
  private func former(_ source: SourceFile, _ status: (TapeRequest) -> TapeStatus) -> (TapeRequest, Tape)? {
    for making in formers {
      for format in [house, nil] {
        let request = request(source, format, making)
        if case .ready(let tape) = status(request), tape.info.format == house { return (request, tape) }
      }
    }
    return nil
  }

  /// Takes up what its lists were found to be made of. A programme that stays in them keeps what is known of it.
  private mutating func take(_ listings: [MediaListing]) {
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

  /// Takes in how its directories and playlists were found: what is new in them and has been still joins, what is gone
  /// leaves.
  ///
  /// - Parameters:
  ///   - files: the new ones, as far as they are there.
  ///   - now: steady nanoseconds.
  /// - Returns: whether it plays something else from now on.
  mutating func relist(_ found: [MediaListing], files: [String: SourceFile], at now: Int64) -> Bool {
    let known = Set(programmes.map(\.file))
    newcomers = newcomers.filter { files[$0.key] != nil }
    for (file, source) in files where newcomers[file]?.source != source { newcomers[file] = (source, now) }
    let settled = found.map { listing in
      var listing = listing
      listing.programmes.removeAll { programme in
        guard !known.contains(programme.file), let newcomer = newcomers[programme.file] else { return false }
        return now - newcomer.since < SourceWatch.stillness
      }
      return listing
    }
    guard settled.count == rotations.count, settled != listings else { return false }
    take(settled)
    return true
  }

  /// The tapes that a station plays in turn, as far as they are ready: its first list, shuffled as it is to be.
  ///
  /// Of a timetable, all tapes that are ready.
  func cycle(_ review: Review) -> [Tape] {
    guard let list = lists.first, lists.count == 1 else { return review.playable.map(\.tape) }
    let tapes = Dictionary(review.playable.map { ($0.programme, $0.tape) }, uniquingKeysWith: { first, _ in first })
    let order = rotations[0].shuffle.map { seed in Shuffle.order(list.map(name), seed: seed).map { list[$0] } } ?? list
    return order.compactMap { tapes[$0] }
  }

  /// What a timetable makes of the tapes that are ready.
  func guide(_ schedule: Schedule, _ review: Review, card: Tape?) -> TimetableGuide {
    let tapes = Dictionary(review.playable.map { ($0.programme, $0.tape) }, uniquingKeysWith: { first, _ in first })
    let clips = lists.map { list in
      list.map { Clip(id: $0, name: name($0), duration: tapes[$0]?.info.duration) }
    }
    return TimetableGuide(
      resolver: Resolver(schedule.timetable, programmes: Array(clips.dropLast()), fillers: clips.last ?? []),
      tapes: tapes, card: card)
  }

  /// What a programme is shuffled by: not by where its directory is, so that the order is the same on another machine.
  func name(_ programme: Int) -> String { Paths.lastComponent(of: programmes[programme].file) }

  /// What programme `index` is called.
  func title(_ index: Int, _ tape: Tape?) -> String {
    programmes[index].title ?? tape?.info.title ?? MediaFiles.title(of: programmes[index].file)
  }

  private func request(_ source: SourceFile, _ format: HouseFormat?) -> TapeRequest {
    request(source, format, Making(bitrate: bitrate, card: card))
  }

  private func request(_ source: SourceFile, _ format: HouseFormat?, _ making: Making) -> TapeRequest {
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

  /// What streams a station has that nothing tells: its files are bad or gone, and it shows its card.
  static let standardFormat = HouseFormat(
    video: HouseFormat.Video(codec: "h264"),
    audio: [HouseFormat.Audio(codec: "aac", profile: "LC", sampleRate: 48_000, channels: 2)])

  /// A recorder has opened the source, and its tape will have this format.
  ///
  /// - Returns: whether that is the house format from now on.
  mutating func found(_ format: HouseFormat, by request: TapeRequest) -> Bool {
    guard house == nil, request.format == nil,
      let index = programmes.firstIndex(where: { programme in
        programme.source.map { self.request($0, nil) == request } ?? false
      })
    else { return false }
    house = format
    definer = index
    return true
  }

  /// Nothing tells what streams the station has: it has the standard ones from now on.
  mutating func takeStandardFormat() { house = house ?? Self.standardFormat }

  /// Keeps the house format of an earlier run: that of the tape which the station was playing in its own format, if it is
  /// still there. Without this a first programme whose recorder only fails would hold the station up again.
  ///
  /// Where that programme is another now, or gone, the format stays as long as any tape made in it is wanted: what is ready
  /// must not wait for what has changed.
  ///
  /// - Parameters:
  ///   - wasOnStandby: it showed its card: then the card's format stays.
  ///   - played: the format that the station had on the air.
  mutating func settle(
    wasPlaying: (TapeRequest) -> Bool, wasOnStandby: Bool = false, played: @autoclosure () -> HouseFormat?,
    status: (TapeRequest) -> TapeStatus
  ) {
    guard house == nil else { return }
    for (index, programme) in programmes.enumerated() {
      guard let source = programme.source, wasPlaying(request(source, nil)) else { continue }
      guard case .ready(let tape) = status(request(source, nil)) else { continue }
      house = tape.info.format
      definer = index
      return
    }
    guard let played = played() else { return }
    for (index, programme) in programmes.enumerated() where wasOnStandby {
      // Its tape was made to give the format, and got ready before it could be played.
      guard let source = programme.source, case .ready(let tape) = status(request(source, nil)),
        tape.info.format == played
      else { continue }
      definer = index
      break
    }
    if wasOnStandby {
      house = played
      return
    }
    for source in programmes.compactMap(\.source) {
      guard case .ready = status(request(source, played)) else { continue }
      house = played
      return
    }
  }

  /// The programmes whose files were not there or could not be played: somebody may have been writing them.
  func lost(_ status: (TapeRequest) -> TapeStatus) -> [(index: Int, programme: Programme)] {
    programmes.enumerated().filter { _, programme in
      guard let source = programme.source else { return true }
      return [request(source, nil), request(source, house)].contains { request in
        if case .bad = status(request) { true } else { false }
      }
    }.map { ($0, $1) }
  }

  /// Takes in how a lost programme's file was found.
  ///
  /// - Parameter now: steady nanoseconds.
  /// - Returns: whether it is worth another try.
  mutating func renew(_ lost: LostSource, at now: Int64) -> Bool {
    // Its place may have become another's while somebody looked.
    guard programmes.indices.contains(lost.programme), programmes[lost.programme].file == lost.file,
      programmes[lost.programme].source == lost.known,
      let found = watch.replacement(of: lost.programme, known: lost.known, found: lost.found, now: now)
    else { return false }
    programmes[lost.programme].source = found
    return true
  }

  /// Looks at the tapes again.
  mutating func review(_ status: (TapeRequest) -> TapeStatus) -> Review {
    var review = Review()
    review.faults = listingFaults
    if house == nil {
      guard findHouse(status, &review) else { return review }
      review = Review()  // what it saw on the way is seen again
      review.faults = listingFaults
    }
    var isHopeful = false
    for (index, programme) in programmes.enumerated() {
      guard let source = programme.source else {
        review.faults.append(fault(programme, Self.gone))
        continue
      }
      let plain = status(request(source, nil))
      if case .bad(let reason) = plain {
        review.faults.append(fault(programme, reason))
        continue
      }
      let request = request(source, index == definer ? nil : house)
      let made = status(request)
      switch made {
      case .ready(let tape):
        review.playable.append(Playable(programme: index, request: request, tape: tape))
        continue
      case .bad(let reason):
        review.faults.append(fault(programme, reason))
        continue
      case .recording(let percent, _, _): review.percent = max(review.percent, percent)
      case .waiting, .absent: break
      }
      review.wanted.append((request, index))
      if let reason = made.failure ?? plain.failure {
        review.faults.append(fault(programme, reason))
      } else {
        isHopeful = true
      }
      if let (request, tape) = former(source, status) {
        review.playable.append(Playable(programme: index, request: request, tape: tape))
      }
    }
    review.isHopeless = review.playable.isEmpty && !isHopeful
    return review
  }

  /// The house format is that of the first programme that is not bad: waits for its tape. False while it is not known.
  private mutating func findHouse(_ status: (TapeRequest) -> TapeStatus, _ review: inout Review) -> Bool {
    for (index, programme) in programmes.enumerated() {
      guard let source = programme.source else {
        review.faults.append(fault(programme, Self.gone))
        continue
      }
      let request = request(source, nil)
      switch status(request) {
      case .ready(let tape):
        house = tape.info.format
        definer = index
        return true
      case .bad(let reason): review.faults.append(fault(programme, reason))
      case .recording, .waiting, .absent:
        review.wanted.append((request, index))
        if let reason = status(request).failure {
          review.faults.append(fault(programme, reason))
          continue
        }
        if case .recording(let percent, _, _) = status(request) { review.percent = percent }
        return false
      }
    }
    review.isHopeless = true
    return false
  }

  private func fault(_ programme: Programme, _ reason: String) -> String {
    "\(Paths.lastComponent(of: programme.file)): \(reason)"
  }
}
