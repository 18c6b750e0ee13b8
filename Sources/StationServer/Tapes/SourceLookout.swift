import LinuxIO
import ServiceLifecycle
import Synchronization

/// A file that could not be played: whose it is, and what it was then.
struct LostSource: Sendable {
  /// The number of its station, and the place of the programme there.
  let station: Int
  let programme: Int
  let file: String
  let known: SourceFile?
  /// What it is, once somebody has looked.
  var found: SourceFile?

  /// Looks at the file; this may take as long as the file system likes.
  mutating func look() { found = try? SourceFile(file) }
}

/// The directories and playlists of a station, and what they were found to be made of.
struct WatchedLists: Sendable {
  let station: Int
  let rotations: [Rotation]
  let known: Set<String>
  private(set) var found: [MediaListing] = []
  /// Files that are not known yet.
  private(set) var newFiles: [String: SourceFile] = [:]

  init(station: Int, rotations: [Rotation], known: Set<String>) {
    (self.station, self.rotations, self.known) = (station, rotations, known)
  }

  /// Looks; this may take as long as the file system likes.
  mutating func look() {
    found = rotations.map { MediaListing($0) }
    for file in found.lazy.flatMap(\.programmes).map(\.file) where !known.contains(file) {
      newFiles[file] = try? SourceFile(file)
    }
  }
}

/// Looks every second at the files that could not be played, and at directories and playlists: each station's on a thread
/// of its own. The file system that has gone may be what they are lost with, and whoever asks it for them waits; the other
/// stations' do not.
struct SourceLookout: Service {
  let registry: StationRegistry
  var period = Duration.seconds(1)
  /// How to look at a file; tests have their own way.
  var look: @Sendable (inout LostSource) -> Void = { $0.look() }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      let looks = Looks()
      while !Task.isCancelled {
        try? await Task.sleep(for: period)
        let lost = Dictionary(grouping: await registry.lostSources(), by: \.station)
        let lists = Dictionary(grouping: await registry.watchedLists(), by: \.station)
        for station in Set(lost.keys).union(lists.keys).sorted() where looks.begin(station) {
          do {
            try RealTimeThread.detach(name: "lost files") { [look, registry] in
              var lost = lost[station] ?? []
              for index in lost.indices { look(&lost[index]) }
              var lists = lists[station] ?? []
              for index in lists.indices { lists[index].look() }
              Task { [lost, lists] in
                await registry.looked(at: lost)
                await registry.looked(at: lists)
                looks.end(station)
              }
            }
          } catch { looks.end(station) }
        }
      }
    }
  }
}

/// At which stations' files somebody is looking: nobody waits for a look that does not end, and none begins meanwhile.
private final class Looks: Sendable {
  private let stations = Mutex<Set<Int>>([])

  /// False when it is being done already.
  func begin(_ station: Int) -> Bool { stations.withLock { $0.insert(station).inserted } }

  func end(_ station: Int) { stations.withLock { _ = $0.remove(station) } }
}
