import FoundationEssentials
import Playout

/// Keeps every station's eras on disk, so that sequence numbers and continuity counters go on after a restart.
struct EraStore: Sendable {
  /// `<tapes>/air`.
  let directory: String

  private struct File: Codable {
    var version = 1
    var eras: [EraRecord]
  }

  private func path(_ ssrc: UInt32) -> String { "\(directory)/\(ssrc.hexadecimal).json" }

  /// The eras of a station as they were last kept; empty when there are none that can be read.
  func load(_ ssrc: UInt32) -> [EraRecord] {
    guard let data = try? Data(contentsOf: URL(filePath: path(ssrc))),
      let file = try? JSONDecoder().decode(File.self, from: data), file.version == 1
    else { return [] }
    return file.eras
  }

  /// Keeps a station's eras, under a temporary name first. Throws what the file system says.
  func save(_ eras: [EraRecord], _ ssrc: UInt32) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try encoder.encode(File(eras: eras)).write(to: URL(filePath: path(ssrc)), options: .atomic)
  }
}
