/// Text in columns: the first line is their heads; numbers stand to the right.
package struct Columns: CustomStringConvertible {
  private var rows: [[String]]

  package init(_ heads: String...) { rows = [heads] }

  package mutating func append(_ row: String...) { rows.append(row) }

  package var description: String {
    Columns.aligned(rows, left: 2).map { $0.joined(separator: "  ") }.joined(separator: "\n")
  }

  /// Cells filled with spaces to the width of the widest of their column.
  ///
  /// - Parameters:
  ///   - rows: of as many cells each.
  ///   - left: how many columns stand to the left; the others stand to the right.
  package static func aligned(_ rows: [[String]], left: Int) -> [[String]] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).enumerated().map { index, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return index < left ? cell.0 + space : space + cell.0
      }
    }
  }
}

/// A number with so many digits after its point; "-" for none.
package func fixed(_ value: Double?, _ digits: Int) -> String {
  guard let value, value.isFinite, abs(value) < 1e15 else { return "-" }
  let scale = (0..<digits).reduce(1) { power, _ in power * 10 }
  let units = Int64((abs(value) * Double(scale)).rounded())
  let sign = value < 0 && units > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(units)" }
  let rest = String(units % Int64(scale))
  return "\(sign)\(units / Int64(scale)).\(String(repeating: "0", count: digits - rest.count))\(rest)"
}
