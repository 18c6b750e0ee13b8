/// How a piece of text stands out on a terminal (ECMA-48, Select Graphic Rendition).
struct Style: Equatable, Sendable {
  enum Colour: Int, Sendable {
    case red = 31
    case green, yellow, blue, magenta, cyan
  }

  var isBold = false
  var isDim = false
  var isReverse = false
  var colour: Colour?

  static let plain = Style()
  static let bold = Style(isBold: true)
  static let dim = Style(isDim: true)

  static func coloured(_ colour: Colour) -> Style { Style(colour: colour) }
}

/// One line of a screen: pieces of text, each in its style.
struct StyledLine: Equatable, Sendable {
  struct Piece: Equatable, Sendable {
    var text: String
    var style: Style
  }

  private(set) var pieces: [Piece] = []

  init() {}

  init(_ text: String, _ style: Style = .plain) { add(text, style) }

  /// Adds text, made printable.
  mutating func add(_ text: String, _ style: Style = .plain) {
    if !text.isEmpty { pieces.append(Piece(text: printable(text), style: style)) }
  }

  /// Fills up with spaces to `column`, or cuts at it.
  mutating func advance(to column: Int, _ style: Style = .plain) {
    if width > column { cut(to: column) } else { add(String(repeating: " ", count: column - width), style) }
  }

  /// Cuts to `columns`, with an ellipsis where something is missing.
  mutating func cut(to columns: Int) {
    guard width > columns else { return }
    var left = columns
    var kept: [Piece] = []
    for piece in pieces {
      let isLast = displayWidth(piece.text) > left
      let text = isLast ? fitted(piece.text, to: left) : piece.text
      if !text.isEmpty { kept.append(Piece(text: text, style: piece.style)) }
      left -= displayWidth(text)
      if isLast || left <= 0 { break }
    }
    pieces = kept
  }

  /// Gives all pieces a reverse background.
  mutating func reverse() {
    for index in pieces.indices { pieces[index].style.isReverse = true }
  }

  /// In columns of a terminal.
  var width: Int { pieces.reduce(0) { $0 + displayWidth($1.text) } }

  var text: String { pieces.map(\.text).joined() }

  /// With control sequences around each piece that is not plain; without any colour where `hasColour` is false.
  func rendered(hasColour: Bool) -> String {
    pieces.map { piece in
      var codes: [String] = []
      if piece.style.isBold { codes.append("1") }
      if piece.style.isDim { codes.append("2") }
      if piece.style.isReverse { codes.append("7") }
      if hasColour, let colour = piece.style.colour { codes.append("\(colour.rawValue)") }
      return codes.isEmpty ? piece.text : "\u{1B}[\(codes.joined(separator: ";"))m\(piece.text)\u{1B}[m"
    }.joined()
  }
}

/// What a terminal shows, so that only lines that have changed are written.
struct Canvas {
  private var shown: [String] = []
  private var size = (rows: 0, columns: 0)

  /// Nobody knows what the terminal shows: the next frame is written as a whole.
  mutating func forget() { size = (0, 0) }

  /// What to write so that the terminal shows `lines`, from its first row on.
  mutating func frame(_ lines: [String], rows: Int, columns: Int) -> [UInt8] {
    var text = ""
    if size != (rows, columns) {
      text = "\u{1B}[m\u{1B}[2J"
      shown = Array(repeating: "", count: rows)
      size = (rows, columns)
    }
    for row in 0..<rows {
      let line = row < lines.count ? lines[row] : ""
      guard line != shown[row] else { continue }
      shown[row] = line
      text += "\u{1B}[\(row + 1);1H\(line)\u{1B}[K"
    }
    return Array(text.utf8)
  }
}
