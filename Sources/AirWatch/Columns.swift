/// Text in columns: the first line is their heads; numbers stand to the right.
package struct Columns: CustomStringConvertible {
  private var rows: [[String]]

  package init(_ heads: String...) { rows = [heads] }

  package mutating func append(_ row: String...) { rows.append(row) }

  package var description: String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).enumerated().map { index, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return index < 2 ? cell.0 + space : space + cell.0
      }
      return cells.joined(separator: "  ")
    }.joined(separator: "\n")
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
