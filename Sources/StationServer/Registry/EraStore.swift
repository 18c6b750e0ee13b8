import FoundationEssentials
import Playout

/// Keeps every station's eras on disk, so that sequence numbers and continuity counters go on after a restart.
struct EraStore: Sendable {
  /// `<tapes>/air`.
  let directory: String

  private struct File: Codable {
    var version = 1
    var eras: [EraRecord]
    /// What was before them, for streams.
    var past: [EraRecord]?
  }

  private func path(_ ssrc: UInt32) -> String { "\(directory)/\(ssrc.hexadecimal).json" }

  /// The eras of a station as they were last kept; empty when there are none that can be read.
  func load(_ ssrc: UInt32) -> [EraRecord] { file(ssrc)?.eras ?? [] }

  /// Those before them.
  func loadPast(_ ssrc: UInt32) -> [EraRecord] { file(ssrc)?.past ?? [] }

  private func file(_ ssrc: UInt32) -> File? {
    guard let data = try? Data(contentsOf: URL(filePath: path(ssrc))),
      let file = try? JSONDecoder().decode(File.self, from: data), file.version == 1
    else { return nil }
    return file
  }

  /// Keeps a station's eras, under a temporary name first. Throws what the file system says.
  func save(_ eras: [EraRecord], past: [EraRecord] = [], _ ssrc: UInt32) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try encoder.encode(File(eras: eras, past: past.isEmpty ? nil : past)).write(
      to: URL(filePath: path(ssrc)), options: .atomic)
  }
}
