import Wire

extension ConfigurationReader {
  /// The list of stations, in the order of their numbers.
  func stations(_ value: JSONValue?, multicast: Configuration.Multicast) -> [StationConfiguration] {
    guard case .array(let elements) = value, !elements.isEmpty else {
      problems.add(
        "stations",
        "\(value.map { $0 == .array([]) ? "is empty" : "\($0.shown) is not a list" } ?? "is missing"): "
          + "write [ { \"number\": 1, \"name\": \"One\", \"source\": { \"files\": [\"one.mp4\"] } } ]")
      return []
    }
    var taken = Taken(problems: problems)
    let stations = elements.enumerated().compactMap { index, element in
      station(element, path: "stations[\(index)]", multicast: multicast, taken: &taken)
    }
    return stations.sorted { $0.number < $1.number }
  }

  /// Nil when it is not even known which station this is; whatever is wrong is reported.
  private func station(
    _ value: JSONValue, path: String, multicast: Configuration.Multicast, taken: inout Taken
  ) -> StationConfiguration? {
    var keys = ObjectReader(value, path: path, problems: problems)
    defer { keys.reportUnknownKeys() }

    let number = keys.integer("number", in: 1...65535)
    if number == nil, keys.value("number") == nil { keys.missing("number", "give the station one from 1 to 65535") }
    let name = keys.string("name", "a name", fits: Self.refusal(ofName:))
    if name == nil, keys.value("name") == nil { keys.missing("name", "it is what viewers see and type") }

    let encapsulation = encapsulation(&keys)
    let ownPort = keys.integer("port", in: 1...65535)
    let port = ownPort ?? multicast.port
    if encapsulation == .rtp, port % 2 == 1 {
      problems.add(
        ownPort == nil ? "multicast.port" : keys.path(of: "port"),
        "\(port) is odd, and players take an odd RTP port for RTCP: take \(port - 1 == 0 ? 2 : port - 1)")
    }
    let ownGroup = group(&keys, "group")
    let group = ownGroup ?? number.flatMap { multicast.firstGroup.advanced(by: $0 - 1) }
    if ownGroup == nil, keys.value("group") == nil, let number, group?.refusal != nil || group == nil {
      keys.missing("group", "counted on from \(multicast.firstGroup) to station \(number) it is none; give one here")
    }

    let source = source(&keys)
    let bitrate = bitrate(&keys, of: source)
    let format = houseFormat(&keys)
    let ring = ring(&keys, of: source)
    if case .live(let live) = source, let format { checkFormat(format, of: live, at: keys.path(of: "format")) }
    if let number { taken.add("number", "\(number)", at: keys.path(of: "number"), remedy: "give each station its own") }
    if let name { taken.add("name", name.lowercased(), at: keys.path(of: "name"), remedy: "give each station its own") }
    if let group {
      let key = ownGroup == nil ? path : keys.path(of: "group")
      taken.add("group and port", "\(group):\(port)", at: key, remedy: "give one of them another group")
    }
    guard let number, let name, let group, let source else { return nil }
    return StationConfiguration(
      number: number, name: name, source: source, group: group, port: port,
      encapsulation: encapsulation, bitrate: bitrate, format: format, ring: ring)
  }

  private func encapsulation(_ keys: inout ObjectReader) -> Encapsulation {
    let text = keys.string("encapsulation", "an encapsulation") {
      $0 != "rtp" && $0 != "udp" ? "is neither \"rtp\" nor \"udp\" (bare transport stream)" : nil
    }
    return text.map(Encapsulation.init(rawValue:)) ?? .rtp
  }

  /// A constant rate: a number of bit/s, or a string with k or M, such as "4.5M".
  private func bitrate(_ keys: inout ObjectReader, of source: StationSource?) -> Int? {
    guard let value = keys.value("bitrate") else { return nil }
    let isLive = if case .live = source { true } else { false }
    let range: ClosedRange<Double> = isLive ? 200_000...60_000_000 : 50_000...200_000_000
    let bitrate: Double? =
      switch value {
      case .number(let number): number
      case .string(let text): Self.bitrate(text)
      default: nil
      }
    guard let bitrate, range ~= bitrate else {
      problems.add(
        keys.path(of: "bitrate"),
        "\(value.shown) is not a rate from \(isLive ? "200k to 60M, as live stations have it" : "50k to 200M"): "
          + "write \"4M\", \"800k\" or a number of bit/s, or leave it out")
      return nil
    }
    return Int(bitrate.rounded())
  }

  static func bitrate(_ text: String) -> Double? {
    guard let unit = text.last else { return nil }
    let scale: Double =
      switch unit {
      case "k", "K": 1e3
      case "m", "M": 1e6
      default: 1
      }
    let digits = scale == 1 ? text[...] : text.dropLast()
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) else { return nil }
    guard let number = Double(digits) else { return nil }
    return number * scale
  }
}

/// What stations have claimed so far, so that none claims it again.
private struct Taken {
  let problems: Problems
  private var owners: [String: String] = [:]

  init(problems: Problems) { self.problems = problems }

  mutating func add(_ what: String, _ value: String, at path: String, remedy: String) {
    if let owner = owners["\(what) \(value)"] {
      problems.add(path, "the \(what) \(value) is taken by \(owner): \(remedy)")
    } else {
      owners["\(what) \(value)"] = path
    }
  }
}
