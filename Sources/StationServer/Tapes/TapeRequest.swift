import FoundationEssentials
import LinuxIO
import Tape

/// A media file as it is now: another size or date makes it another source, and its tapes are made anew.
struct SourceFile: Hashable, Sendable {
  /// Without symbolic links.
  let path: String
  /// Bytes.
  let size: Int64
  /// Nanoseconds since the Unix epoch.
  let modified: Int64

  init(path: String, size: Int64, modified: Int64) {
    self.path = path
    self.size = size
    self.modified = modified
  }

  /// Looks at the file.
  init(_ path: String) throws(SystemError) {
    let real = try FileStatus.realPath(path)
    let status = try FileStatus(real)
    self.init(path: real, size: status.size, modified: status.modified)
  }
}

/// A tape that a station needs: its source, and the settings it is made with.
struct TapeRequest: Hashable, Sendable {
  let source: SourceFile
  /// The house format it is to be made in; nil: its own, which becomes the house format.
  var format: HouseFormat?
  /// A constant rate in bit/s; nil: a variable one.
  var bitrate: Int?
  /// The name on the card that is shown where a picture is needed and the source has none.
  var card: String?

  /// The version of the tape format and of the way tapes are made: another one makes every tape anew.
  static let version = 3

  /// The name of its files in the tapes directory, without their endings: 32 hexadecimal digits.
  var key: String {
    let fields = [
      "\(Self.version)", source.path, "\(source.size)", "\(source.modified)", formatJSON ?? "", "\(bitrate ?? 0)",
      card ?? "",
    ]
    // Every field ends in a zero byte, which none contains: no two lists of fields run into the same bytes.
    return FNV.hash128(fields.flatMap { Array($0.utf8) + [0] }).hexadecimal
  }

  /// The house format as one line of JSON with its keys in order, as the recorder takes it.
  var formatJSON: String? {
    guard let format else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(format)).map { String(decoding: $0, as: UTF8.self) }
  }
}
