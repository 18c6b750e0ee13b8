/// How many columns of a terminal a text takes: two for wide characters (East Asian, emoji), none for marks that stand on
/// the one before.
func displayWidth(_ text: some StringProtocol) -> Int {
  text.reduce(0) { $0 + width(of: $1) }
}

private func width(of character: Character) -> Int {
  let scalars = character.unicodeScalars
  if scalars.contains("\u{FE0F}") { return 2 }
  return scalars.map(width(of:)).max() ?? 0
}

private func width(of scalar: Unicode.Scalar) -> Int {
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator: return 0
  default: break
  }
  if scalar.properties.isEmojiPresentation { return 2 }
  switch scalar.value {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
    return 2
  default: return 1
  }
}

/// The text with everything taken out that would move a terminal's cursor or change its state: names and titles come from
/// outside.
func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(
      text.unicodeScalars.map { scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: "?"
        case .format where scalar != "\u{200D}": "?"
        default: scalar
        }
      }))
}

/// The text cut to `columns`, with an ellipsis where something is missing.
func fitted(_ text: String, to columns: Int) -> String {
  guard displayWidth(text) > columns else { return text }
  guard columns > 0 else { return "" }
  var result = ""
  var used = 0
  for character in text {
    let width = displayWidth(String(character))
    if used + width > columns - 1 { break }
    result.append(character)
    used += width
  }
  return result + "…"
}

/// The text filled up with spaces to `columns`.
func padded(_ text: String, to columns: Int, right: Bool = false) -> String {
  let fill = String(repeating: " ", count: max(0, columns - displayWidth(text)))
  return right ? fill + text : text + fill
}
