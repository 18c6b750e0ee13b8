extension ConfigurationReader {
  /// "b.harbour.example:9966", or a list of such.
  func twins(_ control: inout ObjectReader) -> [Configuration.TwinAddress] {
    guard case .array(let values) = control.value("twin") else {
      return control.string("twin", "a server's address and port", fits: Self.refusal(ofTwin:)).flatMap(
        Self.twinAddress
      )
      .map { [$0] } ?? []
    }
    return values.enumerated().compactMap { index, value in
      let path = "\(control.path(of: "twin"))[\(index)]"
      guard case .string(let text) = value else {
        problems.add(path, "\(value.shown) is not a server's address and port: write it as a string in double quotes")
        return nil
      }
      if let reason = Self.refusal(ofTwin: text) { problems.add(path, "\(value.shown) \(reason)") }
      return Self.twinAddress(text)
    }
  }

  private static func refusal(ofTwin text: String) -> String? {
    twinAddress(text) == nil
      ? "is not where another server answers: write its name or address and its port, such as \"b.example:9966\"" : nil
  }

  /// "b.example:9966", "10.1.2.3:9966", "[fd00::2]:9966".
  static func twinAddress(_ text: String) -> Configuration.TwinAddress? {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), 1...65535 ~= port
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, host.allSatisfy({ $0.isASCII && !$0.isWhitespace && $0 != "/" && $0 != "@" }) else {
      return nil
    }
    return .init(host: String(host), port: port)
  }
}
