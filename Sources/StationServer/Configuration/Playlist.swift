/// A playlist in the M3U format: a file's path on each line, `#EXTINF` lines with titles, other lines that begin with # as
/// comments.
///
///     #EXTM3U
///     #EXTINF:212,The Pilots - Low Tide
///     songs/low tide.flac
///     file:///srv/media/two%20lamps.mp3
struct Playlist: Equatable, Sendable {
  struct Entry: Equatable, Sendable {
    /// An absolute path.
    var file: String
    var title: String?
  }

  /// A line that is no file's path, and why.
  struct Refusal: Equatable, Sendable {
    /// From 1.
    var line: Int
    var reason: String
  }

  private(set) var entries: [Entry] = []
  private(set) var refusals: [Refusal] = []

  static let endings: Set<String> = ["m3u", "m3u8"]

  /// A playlist is text: more than 4 MiB are something else.
  static let longest = 4 << 20

  /// - Parameters:
  ///   - bytes: UTF-8, with a byte order mark or without; what is not UTF-8 is taken to be ISO 8859-1.
  ///   - directory: the one that the playlist lies in, which relative paths start from.
  init(_ bytes: [UInt8], in directory: String) {
    let text =
      String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    var title: String?
    let lines = text.unicodeScalars.drop { $0 == "\u{FEFF}" }.split(omittingEmptySubsequences: false) { $0 == "\n" }
    for (index, scalars) in lines.enumerated() {
      let line = Self.trimmed(Substring(scalars))
      if line.hasPrefix("#EXT-X-TARGETDURATION") || line.hasPrefix("#EXT-X-STREAM-INF") {
        refusals.append(
          Refusal(
            line: index + 1, reason: "this is an HLS playlist, which is a stream: write \"stream\", not \"files\""))
        entries = []
        return
      }
      if line.hasPrefix("#EXTINF:") { title = Self.title(line) }
      if line.isEmpty || line.hasPrefix("#") { continue }
      switch Self.path(String(line)) {
      case .success(let path): entries.append(Entry(file: Paths.absolute(path, from: directory), title: title))
      case .failure(let refused): refusals.append(Refusal(line: index + 1, reason: refused.reason))
      }
      title = nil
    }
  }

  private struct Refused: Error { let reason: String }

  /// What stands behind the first comma that is not in quotes: `#EXTINF:212 tvg-id="a,b",Title`.
  private static func title(_ line: Substring) -> String? {
    var isQuoted = false
    guard
      let comma = line.firstIndex(where: { character in
        if character == "\"" { isQuoted.toggle() }
        return character == "," && !isQuoted
      })
    else { return nil }
    let title = trimmed(line[line.index(after: comma)...])
    return title.isEmpty ? nil : String(title)
  }

  /// The path that a line names: as it stands, or out of a file: URL (RFC 8089).
  private static func path(_ line: String) -> Result<String, Refused> {
    func refused(_ reason: String) -> Result<String, Refused> {
      .failure(Refused(reason: "\(JSONValue.string(line).shown) \(reason)"))
    }
    guard let colon = line.firstIndex(of: ":"),
      line[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }),
      line[..<colon].count > 1
    else { return line.utf8.contains(0) ? refused("is no path") : .success(line) }
    let scheme = line[..<colon].lowercased()
    var rest = line[line.index(after: colon)...]
    guard scheme == "file" else {
      // A file's name may have a colon in it: only with // is it a URL.
      guard rest.hasPrefix("//") else { return .success(line) }
      return refused("is not a file: a playlist names files; give a stream a station of its own")
    }
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      let host = rest.prefix { $0 != "/" }
      guard host.isEmpty || host.lowercased() == "localhost" else { return refused("is on another machine") }
      rest = rest[host.endIndex...]
    }
    guard rest.hasPrefix("/"), let path = percentDecoded(rest), !path.utf8.contains(0) else {
      return refused("is not a file's URL such as file:///srv/media/one.mp3")
    }
    return .success(path)
  }

  /// RFC 3986 §2.1; nil where it is none, or no UTF-8.
  private static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
        let value = UInt8(String(Substring(digits)), radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop(while: \.isWhitespace)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...last]
  }
}
