import Testing

@testable import AirBench

@Suite struct ChartTests {
  @Test func anAxisBeginsAndEndsAtStepsOfOneTwoFive() {
    let scale = LogScale(holding: [0.03, 7, 0, -1, .nan], from: 300, to: 0)
    #expect(scale.range == 0.02...10)
    #expect(abs(scale.place(of: 0.02) - 300) < 1e-9)
    #expect(abs(scale.place(of: 10)) < 1e-9)
    #expect(scale.place(of: 1000) == 0)
    #expect(scale.ticks == [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10])
  }

  @Test func aLongAxisHasATickForEachDecade() {
    #expect(LogScale(holding: [0.001, 1000], from: 0, to: 1).ticks == [0.001, 0.01, 0.1, 1, 10, 100, 1000])
  }

  @Test func labelsAreWrittenPlainly() {
    #expect(LogScale.label(0.05) == "0.05")
    #expect(LogScale.label(1) == "1")
    #expect(LogScale.label(1000) == "1,000")
    #expect(LogScale.label(200_000) == "200,000")
  }

  @Test func everyPointOfEveryLineIsDrawn() {
    let lines = [
      Chart.Line(name: "a < b", color: 0, points: [(1, 2), (10, 3), (100, 5)]),
      Chart.Line(name: "c", color: 1, points: [(1, 0), (10, 0.5)]),
    ]
    let chart = Chart(title: "Cost & more", xTitle: "stations", xTicks: [1, 10, 100, 1000], lines: lines)
    let text = "\(Picture(charts: [chart]))"
    // Three of the first, one of the second (zero has no place), and one for each in the legend.
    #expect(text.split(separator: "<circle").count - 1 == 6)
    #expect(text.contains("a &lt; b"))
    #expect(text.contains("Cost &amp; more"))
    #expect(!text.contains(">1,000<"))
    #expect(text.hasPrefix("<svg "))
    #expect(text.contains("prefers-color-scheme: dark"))
    // The first line is drawn last: nothing hides it.
    #expect(text.split(separator: "<polyline class=\"line c").suffix(2).map { $0.first } == ["1", "0"])
  }
}
