import LinuxIO
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
    guard !host.isEmpty, host.unicodeScalars.allSatisfy(Self.isOfHost) else { return nil }
    self.host = String(host)
    self.port = defaultControlPort
    if let port {
      guard port.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(port), (1...65535).contains(number) else {
        return nil
      }
      self.port = number
    }
  }

  /// Letters and digits of any script (a name need not be ASCII), and what stands between them in names, addresses and
  /// zones: a server may name others, and what it calls them is shown.
  private static func isOfHost(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII
      ? scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-.:%_".unicodeScalars.contains(scalar)
      : scalar.properties.isXIDContinue
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension ServerAddress {
  /// Whether both names lead to one server. Waits for the name service.
  func isSame(as other: ServerAddress) -> Bool {
    guard self != other else { return true }
    return port == other.port && !Set(HostName.addresses(host)).isDisjoint(with: HostName.addresses(other.host))
  }
}

extension SessionStatus {
  /// Throws when servers were named and the running tuner has its station from none of them, or not from all: it changes
  /// station, not servers.
  func mustHave(_ named: [ServerAddress]) throws(TunerError) {
    let texts = servers?.map(\.server) ?? [server]
    let own = texts.compactMap(ServerAddress.init(_:))
    guard let other = named.first(where: { name in !own.contains { $0.isSame(as: name) } }) else { return }
    throw TunerError(
      .temporary,
      "The running tuner receives from \(texts.joined(separator: ", ")), not from \(other). Stop it first (\"tuner "
        + "terminate\"), or leave out --server.")
  }
}
