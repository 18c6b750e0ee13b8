import FoundationEssentials
import SyntheticTape
import Tape
import TransportStream

@testable import StationServer

/// Files for tests.
enum Scratch {
  static func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
  }

  static func makeDirectory(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  static func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Dates a file as it would be that was changed then.
  static func date(_ path: String, at date: Ticks) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: date.inSeconds)], ofItemAtPath: path)
  }

  /// Another file in place of the one that is there, by a rename.
  static func replace(_ path: String, by text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
  }

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

  /// A configuration of stations that play these files, in a directory of its own.
  static func configuration(_ directory: TemporaryDirectory, _ stations: [[String]]) throws -> Configuration {
    Configuration(
      site: .init(name: "Hafen", contact: nil), listen: .init(host: "127.0.0.1", port: 9966),
      multicast: .init(
        interface: "lo", ttl: 1, firstGroup: ConfigurationReader.defaultFirstGroup, port: 5004, dscp: 0),
      tapes: directory.path("tapes"),
      stations: try stations.enumerated().map { index, files in
        StationConfiguration(
          number: index + 1, name: "Station \(index + 1)",
          source: .files(
            Rotation(
              try files.map { name in
                let path = directory.path(name)
                if !exists(path) { try write(name, to: path) }
                return ProgrammeSource(file: path)
              })),
          group: GroupAddress(bits: ConfigurationReader.defaultFirstGroup.bits + UInt32(index)), port: 5004,
          encapsulation: .rtp)
      })
  }
}
