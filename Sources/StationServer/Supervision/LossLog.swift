/// Sums up what the transmitter could not send, in a line now and then: a pulled cable costs thousands of datagrams a
/// second, and no more than a line of the log.
struct LossLog {
  /// Seconds between two lines, at least.
  let interval: Double
  private var told: [UInt16: TransmitFigures.Station] = [:]
  private var lastLine = -Double.infinity

  init(interval: Double) { self.interval = interval }

  /// Takes in the transmitter's counts since its start; a line when there are losses and the last line is not recent.
  mutating func line(_ stations: [TransmitFigures.Station], at now: Double) -> String? {
    guard now - lastLine >= interval else { return nil }
    var (errors, skipped) = (0, 0)
    var numbers: [UInt16] = []
    for station in stations {
      let before = told[station.number]
      let (failed, late) = (station.errors - (before?.errors ?? 0), station.skipped - (before?.skipped ?? 0))
      told[station.number] = station
      guard failed > 0 || late > 0 else { continue }
      errors += failed
      skipped += late
      numbers.append(station.number)
    }
    guard !numbers.isEmpty else { return nil }
    lastLine = now
    let names = numbers.prefix(5).map(String.init).joined(separator: ", ") + (numbers.count > 5 ? ", ..." : "")
    return "\(errors) datagrams failed and \(skipped) were left out as too late (station \(names))"
  }
}
