import NIOCore

/// The network interfaces of this machine, as far as the configuration asks for them.
struct KnownInterfaces: Sendable {
  /// Each with its name and its IPv4 address, if it has one.
  var all: [(name: String, address: String?)]

  func contains(_ nameOrAddress: String) -> Bool {
    all.contains { $0.name == nameOrAddress || $0.address == nameOrAddress }
  }

  var list: String {
    all.map { $0.address == nil ? $0.name : "\($0.name) (\($0.address ?? ""))" }.joined(separator: ", ")
  }
}

/// Reads `stations.json`: walks through all of it, and collects everything that is wrong rather than stop at the first.
struct ConfigurationReader {
  /// The directory of the configuration file, which relative paths start from.
  let directory: String
  let problems = Problems()
  let interfaces: KnownInterfaces

  static let defaultPort = 5004
  static let defaultListen = Configuration.ListenAddress(host: "127.0.0.1", port: 9966)
  static let defaultFirstGroup = GroupAddress(bits: 239 << 24 | 255 << 16 | 66 << 8 | 1)

  /// - Parameters:
  ///   - text: the file's bytes.
  ///   - path: the file's path, for messages and for the paths in it.
  /// - Throws: ``ConfigurationError`` with all that is wrong.
  static func read(
    _ text: [UInt8], path: String, interfaces: KnownInterfaces
  ) throws(ConfigurationError) -> Configuration {
    let root: JSONValue
    do {
      root = try JSONText.parse(text)
    } catch {
      throw ConfigurationError(file: path, problems: [Problem(path: "", sentence: "\(error)")])
    }
    let reader = ConfigurationReader(directory: Paths.directory(of: Paths.absolute(path)), interfaces: interfaces)
    let configuration = reader.configuration(root)
    guard reader.problems.all.isEmpty else {
      throw ConfigurationError(file: path, problems: reader.problems.all)
    }
    return configuration
  }

  private func configuration(_ root: JSONValue) -> Configuration {
    var keys = ObjectReader(root, path: "", problems: problems)
    var site = keys.object("site")
    var control = keys.object("control")
    var streams = keys.object("streams")
    var multicast = keys.object("multicast")
    var transmit = keys.object("transmit")
    let network = self.multicast(&multicast)
    let twins = twins(&control)
    let configuration = Configuration(
      site: self.site(&site),
      listen: listen(&control),
      connections: connections(&control),
      twins: twins,
      streams: self.streams(&streams),
      multicast: network,
      transmit: transmission(&transmit),
      tapes: Paths.absolute(keys.string("tapes", "the path of a directory") ?? "var/tapes", from: directory),
      stations: stations(keys.value("stations"), multicast: network))
    keys.reportUnknownKeys()
    return configuration
  }

  private func site(_ keys: inout ObjectReader) -> Configuration.Site {
    let name = keys.string("name", "a name", fits: Self.refusal(ofName:))
    if name == nil, keys.value("name") == nil {
      keys.missing("name", "it is the provider that receivers show, such as \"Harbour Campus\"")
    }
    defer { keys.reportUnknownKeys() }
    return .init(name: name ?? "", contact: keys.string("contact", "a mail address or a sentence"))
  }

  private func connections(_ keys: inout ObjectReader) -> Configuration.ConnectionLimits {
    defer { keys.reportUnknownKeys() }
    let usual = Configuration.ConnectionLimits()
    return .init(
      total: keys.integer("connections", in: 1...1_000_000) ?? usual.total,
      perAddress: keys.integer("connectionsPerAddress", in: 1...1_000_000) ?? usual.perAddress)
  }

  private func streams(_ keys: inout ObjectReader) -> Configuration.StreamLimits {
    defer { keys.reportUnknownKeys() }
    let usual = Configuration.StreamLimits()
    return .init(
      connections: keys.integer("connections", in: 0...1_000_000) ?? usual.connections,
      bitrate: keys.integer("bitrate", in: 1_000_000...1_000_000_000_000) ?? usual.bitrate)
  }

  private func listen(_ keys: inout ObjectReader) -> Configuration.ListenAddress {
    let text = keys.string("listen", "an address and port") { text in
      Self.listenAddress(text) == nil
        ? "is not an address and port such as 127.0.0.1:9966, 0.0.0.0:9966 (every interface) or [::1]:9966" : nil
    }
    return text.flatMap(Self.listenAddress) ?? Self.defaultListen
  }

  /// "127.0.0.1:9966", "[::1]:9966".
  static func listenAddress(_ text: String) -> Configuration.ListenAddress? {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), 1...65535 ~= port
    else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = String(host.dropFirst().dropLast())
    } else if host.contains(":") {
      return nil
    }
    guard (try? SocketAddress(ipAddress: host, port: port)) != nil else { return nil }
    return .init(host: host, port: port)
  }

  private func multicast(_ keys: inout ObjectReader) -> Configuration.Multicast {
    defer { keys.reportUnknownKeys() }
    let interface = keys.string("interface", "the name or the address of a network interface") { name in
      interfaces.contains(name) ? nil : "is not a network interface of this machine: there are \(interfaces.list)"
    }
    return .init(
      interface: interface ?? "lo",
      ttl: keys.integer("ttl", in: 0...255) ?? 1,
      firstGroup: group(&keys, "firstGroup") ?? Self.defaultFirstGroup,
      port: keys.integer("port", in: 1...65535) ?? Self.defaultPort,
      dscp: keys.integer("dscp", in: 0...63) ?? 0)
  }

  func group(_ keys: inout ObjectReader, _ key: String) -> GroupAddress? {
    let text = keys.string(key, "a multicast group") { text in
      guard let group = GroupAddress(text) else { return "is not an IPv4 multicast group such as 239.255.66.1" }
      return group.refusal
    }
    return text.flatMap(GroupAddress.init(_:))
  }

  /// Why a site or station cannot have this name: it has to fit a service descriptor and a line on a terminal.
  static func refusal(ofName name: String) -> String? {
    if name.allSatisfy(\.isWhitespace) { return "is empty: give a name of 1 to 60 bytes" }
    if name.utf8.count > 60 { return "is \(name.utf8.count) bytes long: a name has at most 60 (UTF-8)" }
    if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      return "has control characters in it: leave them out"
    }
    return nil
  }
}
