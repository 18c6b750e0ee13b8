import Testing

@testable import StationServer

@Suite struct LossLogTests {
  private func station(_ number: UInt16, errors: Int, skipped: Int = 0) -> TransmitFigures.Station {
    TransmitFigures.Station(
      number: number, sent: 1000, late: 0, skipped: skipped, errors: errors, bitrate: 0, worstLateness: 0, fault: nil)
  }

  @Test func isSilentWhileNothingIsLost() {
    var log = LossLog(interval: 10)
    for second in 0..<100 { #expect(log.line([station(1, errors: 0)], at: Double(second)) == nil) }
  }

  @Test func sumsUpTenSecondsInALine() {
    var log = LossLog(interval: 10)
    var lines: [String] = []
    for second in 0...20 {
      let stations = [station(1, errors: 100 * second), station(2, errors: 0), station(3, errors: 0, skipped: second)]
      if let line = log.line(stations, at: Double(second)) { lines.append(line) }
    }
    #expect(
      lines == [
        "100 datagrams failed and 1 were left out as too late (station 1, 3)",
        "1000 datagrams failed and 10 were left out as too late (station 1, 3)",
      ])
  }
}
