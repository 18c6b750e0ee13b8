/// How long to wait before a process that died is started again: not at all, unless it keeps dying young.
struct Respite {
  private var earlyDeaths = 0

  /// - Parameter lived: how many seconds it lived.
  /// - Returns: seconds to wait: 0 for the first two early deaths in a row, then 0.25, 0.5, ... 30.
  mutating func afterDeath(lived: Double) -> Double {
    guard lived < 5 else {
      earlyDeaths = 0
      return 0
    }
    earlyDeaths += 1
    return earlyDeaths <= 2 ? 0 : min(30, 0.25 * Double(1 << min(earlyDeaths - 3, 10)))
  }
}
