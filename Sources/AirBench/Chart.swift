import AirWatch

/// One diagram with two logarithmic axes.
struct Chart {
  struct Line {
    let name: String
    /// Which of the colours, from 0.
    let color: Int
    let points: [(x: Double, y: Double)]
  }

  let title: String
  let xTitle: String
  /// The values marked on the horizontal axis.
  let xTicks: [Double]
  let lines: [Line]

  static let width = 760.0
  static let height = 330.0
  private static let (left, right, top, bottom) = (64.0, 740.0, 44.0, 282.0)

  /// The diagram's elements, to be moved to its place.
  func elements() -> [String] {
    let x = LogScale(holding: lines.flatMap { $0.points.map(\.x) }, from: Self.left + 14, to: Self.right - 14)
    let y = LogScale(holding: lines.flatMap { $0.points.map(\.y) }, from: Self.bottom, to: Self.top)
    // The first one lies on top of the others.
    return grid(x, y) + lines.reversed().flatMap { draw($0, x, y) }
  }

  private func grid(_ x: LogScale, _ y: LogScale) -> [String] {
    var elements = [#"<text class="title" x="\#(Self.left)" y="24">\#(escaped(title))</text>"#]
    for tick in y.ticks {
      let place = fixed(y.place(of: tick), 1)
      elements.append(#"<line class="grid" x1="\#(Self.left)" y1="\#(place)" x2="\#(Self.right)" y2="\#(place)"/>"#)
      let baseline = fixed(y.place(of: tick) + 4, 1)
      elements.append(label(LogScale.label(tick), x: fixed(Self.left - 8, 1), y: baseline, anchor: "end"))
    }
    for tick in xTicks where x.range.contains(tick) {
      let place = fixed(x.place(of: tick), 1)
      elements.append(#"<line class="grid" x1="\#(place)" y1="\#(Self.top)" x2="\#(place)" y2="\#(Self.bottom + 5)"/>"#)
      elements.append(label(LogScale.label(tick), x: place, y: fixed(Self.bottom + 20, 1), anchor: "middle"))
    }
    elements.append(
      #"<path class="axis" d="M\#(Self.left) \#(Self.top) V\#(Self.bottom) H\#(Self.right)"/>"#)
    elements.append(label(xTitle, x: fixed(Self.right, 1), y: fixed(Self.bottom + 38, 1), anchor: "end"))
    return elements
  }

  private func label(_ text: String, x: String, y: String, anchor: String) -> String {
    #"<text class="tick" x="\#(x)" y="\#(y)" text-anchor="\#(anchor)">\#(escaped(text))</text>"#
  }

  private func draw(_ line: Line, _ x: LogScale, _ y: LogScale) -> [String] {
    let places = line.points.filter { $0.x > 0 && $0.y > 0 }
      .map { (fixed(x.place(of: $0.x), 1), fixed(y.place(of: $0.y), 1)) }
    guard !places.isEmpty else { return [] }
    let path = places.map { "\($0.0),\($0.1)" }.joined(separator: " ")
    return [#"<polyline class="line c\#(line.color)" points="\#(path)"/>"#]
      + places.map { #"<circle class="dot c\#(line.color)" cx="\#($0.0)" cy="\#($0.1)" r="4"/>"# }
  }
}

/// A picture of several diagrams, one below the other, with one legend.
struct Picture: CustomStringConvertible {
  let charts: [Chart]

  /// Its colours follow the reader's choice of light or dark.
  private static let style = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .back { fill: #ffffff; } .title { font-weight: 600; font-size: 14px; } .tick { fill: #59636e; font-size: 12px; }
    .grid { stroke: #d1d9e0; stroke-width: 0.7; } .axis { stroke: #59636e; fill: none; }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; } .dot { stroke: #ffffff; stroke-width: 1.2; }
    .line.c0 { stroke: #cf222e; } .dot.c0 { fill: #cf222e; } .line.c1 { stroke: #0969da; } .dot.c1 { fill: #0969da; }
    .line.c2 { stroke: #1b7c83; stroke-dasharray: 6 3; } .dot.c2 { fill: #1b7c83; }
    .line.c3 { stroke: #9a6700; } .dot.c3 { fill: #9a6700; }
    .line.c4 { stroke: #8250df; stroke-dasharray: 6 3; } .dot.c4 { fill: #8250df; }
    .line.c0 { stroke-width: 3; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .back { fill: #0d1117; } .tick { fill: #9198a1; } .grid { stroke: #30363d; }
      .axis { stroke: #9198a1; } .dot { stroke: #0d1117; }
      .line.c0 { stroke: #ff7b72; } .dot.c0 { fill: #ff7b72; } .line.c1 { stroke: #58a6ff; } .dot.c1 { fill: #58a6ff; }
      .line.c2 { stroke: #56d4dd; } .dot.c2 { fill: #56d4dd; } .line.c3 { stroke: #e3b341; } .dot.c3 { fill: #e3b341; }
      .line.c4 { stroke: #bc8cff; } .dot.c4 { fill: #bc8cff; }
    }
    """

  var description: String {
    let legend = 40.0
    let height = legend + Chart.height * Double(charts.count)
    var lines = [
      #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(fixed(Chart.width, 0)) \#(fixed(height, 0))" "#
        + #"width="\#(fixed(Chart.width, 0))" height="\#(fixed(height, 0))" role="img">"#,
      "<title>\(escaped(charts.map(\.title).joined(separator: "; ")))</title>",
      "<style>\n\(Self.style)\n</style>", #"<rect class="back" width="100%" height="100%"/>"#,
    ]
    var x = 64.0
    for line in charts.first?.lines ?? [] {
      lines.append(#"<polyline class="line c\#(line.color)" points="\#(fixed(x, 0)),24 \#(fixed(x + 26, 0)),24"/>"#)
      lines.append(#"<circle class="dot c\#(line.color)" cx="\#(fixed(x + 13, 0))" cy="24" r="4"/>"#)
      lines.append(#"<text x="\#(fixed(x + 33, 0))" y="28">\#(escaped(line.name))</text>"#)
      x += 62 + 7.4 * Double(line.name.count)
    }
    for (index, chart) in charts.enumerated() {
      lines.append(#"<g transform="translate(0 \#(fixed(legend + Chart.height * Double(index), 0)))">"#)
      lines += chart.elements()
      lines.append("</g>")
    }
    return (lines + ["</svg>", ""]).joined(separator: "\n")
  }
}

/// Text as XML has it.
private func escaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
}
