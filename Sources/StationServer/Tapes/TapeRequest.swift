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

/// A tape that a station needs: what is on it, and the settings it is made with.
struct TapeRequest: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    /// A programme.
    case file(SourceFile)
    /// The station's card with these lines, and silence, for two seconds: what a station shows that has no programme.
    case card([String])
  }

  let content: Content
  /// The house format it is to be made in; nil: its own, which becomes the house format.
  var format: HouseFormat?
  /// A constant rate in bit/s; nil: a variable one.
  var bitrate: Int?
  /// The name on the card that is shown where a picture is needed and the source has none.
  var card: String?

  init(source: SourceFile, format: HouseFormat? = nil, bitrate: Int? = nil, card: String? = nil) {
    content = .file(source)
    self.format = format
    self.bitrate = bitrate
    self.card = card
  }

  /// A card tape; `lines`: one or two.
  init(cardWith lines: [String], format: HouseFormat, bitrate: Int? = nil) {
    content = .card(lines)
    self.format = format
    self.bitrate = bitrate
  }

  /// Nil for a card tape.
  var source: SourceFile? { if case .file(let source) = content { source } else { nil } }

  /// What it is made of, for people.
  var label: String {
    switch content {
    case .file(let source): source.path
    case .card(let lines): "the card \"\(lines.joined(separator: " / "))\""
    }
  }

  /// The version of the tape format and of the way tapes are made: another one makes every tape anew.
  static let version = 3

  /// The name of its files in the tapes directory, without their endings: 32 hexadecimal digits.
  var key: String {
    let origin =
      switch content {
      case .file(let source): [source.path, "\(source.size)", "\(source.modified)"]
      case .card(let lines): ["", "card"] + lines
      }
    let fields = ["\(Self.version)"] + origin + [formatJSON ?? "", "\(bitrate ?? 0)", card ?? ""]
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
