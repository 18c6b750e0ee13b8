import Wire

/// Which station a person means.
enum StationName {
  /// The station with that number, else the one with that name, else the only one whose name begins so; upper and lower
  /// case are the same.
  static func find(_ text: String, in stations: [StationSummary]) throws(TunerError) -> StationSummary {
    if let number = Int(text), let station = stations.first(where: { $0.number == number }) { return station }
    let wanted = text.lowercased()
    let exact = stations.filter { $0.name.lowercased() == wanted }
    let found = exact.isEmpty && !wanted.isEmpty ? stations.filter { $0.name.lowercased().hasPrefix(wanted) } : exact
    if let station = found.first, found.count == 1 { return station }
    if found.isEmpty {
      let known = stations.isEmpty ? "The server has none." : "There are: \(names(stations))."
      throw TunerError(.noStation, "There is no station \"\(printable(text))\". \(known)")
    }
    throw TunerError(
      .noStation, "\"\(printable(text))\" may be any of: \(names(found)). Say more of the name, or a number.")
  }

  private static func names(_ stations: [StationSummary]) -> String {
    let names = stations.prefix(10).map { "\($0.number) \(printable($0.name))" }
    return names.joined(separator: ", ") + (stations.count > 10 ? " and \(stations.count - 10) more" : "")
  }
}
