import FoundationEssentials
import TransportStream

extension ConfigurationReader {
  /// The object "transmit".
  func transmission(_ keys: inout ObjectReader) -> Configuration.Transmission {
    defer { keys.reportUnknownKeys() }
    let grain = keys.string("grain", "a time such as \"1ms\"") { text in
      if text == "auto" { return nil }
      guard let grain = Self.duration(text) else {
        return "is not \"auto\", nor a time such as \"50us\" or \"1ms\""
      }
      let range = Grain.finest...Grain.coarsest
      return range.contains(grain) ? nil : "is not between \"50us\" and \"40ms\""
    }
    return .init(
      grain: grain.flatMap(Self.duration),
      threads: keys.integer("threads", in: 1...max(1, ProcessInfo.processInfo.activeProcessorCount)) ?? 1)
  }

  /// "50us", "1.5ms": nil when it is no such time.
  static func duration(_ text: String) -> Ticks? {
    let units: [(String, Double)] = [("us", 1_000_000), ("ms", 1_000)]
    for (unit, perSecond) in units where text.hasSuffix(unit) {
      guard let number = Double(text.dropLast(unit.count)), number > 0, number < 1e6 else { return nil }
      return Ticks(Int64((number / perSecond * Double(Ticks.perSecond)).rounded()))
    }
    return nil
  }
}
