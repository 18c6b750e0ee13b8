import FoundationEssentials
import LinuxIO

/// The files that a ``Rotation`` stands for, as its directories and playlists were found.
struct MediaListing: Equatable, Sendable {
  var programmes: [ProgrammeSource] = []
  /// A sentence for whatever of it could not be read.
  var faults: [String] = []

  /// Looks: this may take as long as the file system likes.
  init(_ rotation: Rotation) {
    for item in rotation.items {
      switch item {
      case .file(let programme): programmes.append(programme)
      case .directory(let path):
        switch MediaFiles.find(path) {
        case .directory(let files): programmes += files.map { ProgrammeSource(file: $0) }
        case .file: faults.append("\(Paths.lastComponent(of: path)): is not a directory any more")
        case .missing(let reason): faults.append("\(Paths.lastComponent(of: path)): \(reason)")
        }
      case .playlist(let path):
        do {
          let playlist = try Self.playlist(path)
          programmes += playlist.entries.map { ProgrammeSource(file: $0.file, title: $0.title) }
          faults += playlist.refusals.map { "\(Paths.lastComponent(of: path)), line \($0.line): \($0.reason)" }
        } catch {
          faults.append("\(Paths.lastComponent(of: path)): \(error.reason)")
        }
      }
    }
  }

  /// Why a playlist cannot be read: the rest of a sentence that starts with its path.
  struct Unreadable: Error { let reason: String }

  static func playlist(_ path: String) throws(Unreadable) -> Playlist {
    do {
      guard try FileStatus(path).size <= Playlist.longest else {
        throw Unreadable(reason: "is too long for a playlist")
      }
      return Playlist(Array(try Data(contentsOf: URL(filePath: path))), in: Paths.directory(of: path))
    } catch let error as Unreadable {
      throw error
    } catch {
      throw Unreadable(reason: "cannot be read")
    }
  }
}
