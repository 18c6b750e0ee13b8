import LibAV
import LinuxIO

/// The station's card: its name, and under it, smaller, what there is to say. A still picture.
struct CardPicture: Hashable, Sendable {
  /// The name first; without any the card is plain.
  var lines: [String]
  var width: Int
  var height: Int

  init(lines: [String], width: Int, height: Int) {
    self.lines = lines
    self.width = width
    self.height = height
  }

  /// A generator of the picture over and over, 25 a second; without the text where nobody can draw it.
  func graph() throws(LibAVError) -> FilterGraph {
    do {
      return try FilterGraph(.video, generating: chain(withText: true))
    } catch {
      return try FilterGraph(.video, generating: chain(withText: false))
    }
  }

  private func chain(withText: Bool) -> String {
    var chain = "color=c=0x16324f:s=\(width)x\(height):r=25"
    if withText, let font = CardPicture.font {
      let rows = rows
      let total = rows.reduce(0) { $0 + $1.height }
      var above = -total / 2
      for row in rows {
        let place = rows.count == 1 ? "(h-text_h)/2" : "(h-text_h)/2+\(above + row.height / 2)"
        chain +=
          ",drawtext=fontfile=\(font):expansion=none:text='\(CardPicture.quoted(row.text))'"
          + ":fontsize=\(row.size):fontcolor=white:x=(w-text_w)/2:y=\(place)"
        above += row.height
      }
    }
    return chain + ",format=yuv420p"
  }

  /// The lines as they are drawn, in pixels.
  private var rows: [(text: String, size: Int, height: Int)] {
    var rows: [(text: String, size: Int, height: Int)] = []
    for (index, line) in lines.enumerated() where !line.isEmpty {
      let usual = index == 0 ? height / 10 : height / 20
      if index == 0 {
        // A long name is written smaller: most letters are narrower than 0.62 of their size.
        let size = min(usual, width * 100 / (62 * max(1, line.prefix(60).count)))
        rows.append((line, max(8, size), usual * 2))
      } else {
        for part in CardPicture.wrapped(line, to: max(16, width * 100 / (58 * max(1, usual)))) {
          rows.append((part, max(8, usual), usual * 3 / 2))
        }
      }
    }
    return rows
  }

  /// A text in at most three lines of about `length` characters.
  static func wrapped(_ text: String, to length: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= length {
        lines[lines.count - 1] += " " + word
      } else {
        lines.append(String(word.prefix(length)))
      }
    }
    return Array(lines.prefix(3))
  }

  /// A name as a filter chain can quote it.
  static func quoted(_ name: String) -> String {
    var quoted = ""
    for character in name.prefix(60) {
      switch character {
      case "'": quoted += "\u{2019}"
      case "\\": quoted += "/"
      case ":": quoted += "\\:"
      case let character where character.isNewline: quoted += " "
      default: quoted.append(character)
      }
    }
    return quoted
  }

  /// A font that this machine has.
  static var font: String? {
    [
      "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
      "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
      "/usr/share/fonts/truetype/freefont/FreeSans.ttf",
      "/usr/share/fonts/opentype/urw-base35/NimbusSans-Regular.otf", "/usr/share/fonts/TTF/DejaVuSans.ttf",
      "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    ].first { (try? FileStatus($0))?.kind == .file }
  }
}
