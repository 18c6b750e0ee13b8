import ArgumentParser
import Foundation
import LinuxIO

/// Stands where a player stands, and notes when it got what.
struct TapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tap",
    abstract: "Writes standard input to a file, and to FILE.times how many bytes had come when.",
    discussion: """
      tuner join 2 --player "aircheck tap feed.ts"

      A line of FILE.times is a number of bytes, a space, and a date: nanoseconds since 1970.
      """)

  @Argument(help: "The file.")
  var file: String

  func run() throws {
    let bytes = try Descriptor(opening: file, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
    let times = try Descriptor(opening: file + ".times", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
    var total = 0
    while true {
      let piece = FileHandle.standardInput.availableData
      let date = WallClock.now
      if piece.isEmpty { return }
      total += piece.count
      try DescriptorIO.writeAll(piece.span, to: bytes.number)
      try DescriptorIO.writeAll(Array("\(total) \(date)\n".utf8).span, to: times.number)
    }
  }
}
