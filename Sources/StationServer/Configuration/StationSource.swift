import Tape
import Timetables

/// Where what a station plays comes from.
enum StationSource: Equatable, Sendable {
  /// Programmes in turn, for ever.
  case files(Rotation)
  /// Programmes at their times.
  case schedule(Schedule)
  /// As it happens: a camera, a stream, a test card.
  case live(LiveSource)

  /// All lists of media that it is made of: of a schedule those of its programmes in the order of its timetable, and behind
  /// them that of its fillers.
  var rotations: [Rotation] {
    switch self {
    case .files(let rotation): [rotation]
    case .schedule(let schedule): schedule.programmes + [schedule.fillers]
    case .live: []
    }
  }
}

/// A list of media: files, and directories and playlists, which are looked at again and again.
struct Rotation: Equatable, Sendable {
  enum Item: Equatable, Sendable {
    case file(ProgrammeSource)
    /// All media files in a directory, sorted by name.
    case directory(String)
    /// The files that an M3U playlist names.
    case playlist(String)
  }

  var items: [Item]
  /// The seed by which it is shuffled; nil: in its order.
  var shuffle: Int?

  init(_ items: [Item], shuffle: Int? = nil) {
    self.items = items
    self.shuffle = shuffle
  }

  /// Of files alone.
  init(_ files: [ProgrammeSource]) { self.init(files.map(Item.file)) }

  /// Whether what is in it may change while stationd runs.
  var isWatched: Bool {
    items.contains { item in
      switch item {
      case .file: false
      case .directory, .playlist: true
      }
    }
  }
}

/// A timetable, and what its programmes and fillers are made of.
struct Schedule: Equatable, Sendable {
  var timetable: Timetable
  /// One for each of the timetable's entries.
  var programmes: [Rotation]
  var fillers: Rotation
}
