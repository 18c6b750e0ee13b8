import Wire

/// Where a server's control port is.
struct ServerAddress: Equatable, Sendable, CustomStringConvertible {
  var host: String
  var port: Int

  static let local = ServerAddress(host: "127.0.0.1", port: defaultControlPort)

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// `host`, `host:port`, `[address]:port`, or a bare IPv6 address; nil for anything else.
  init?(_ text: String) {
    var host = text[...]
    var port: Substring?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      port = rest.isEmpty ? nil : rest.dropFirst()
    } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
    }
    guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || $0 == "/" }) else { return nil }
    self.host = String(host)
    self.port = defaultControlPort
    if let port {
      guard port.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(port), (1...65535).contains(number) else {
        return nil
      }
      self.port = number
    }
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
