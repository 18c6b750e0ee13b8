/// The URL of a network feed, taken apart: what a configuration may say, what is dialled, and what may be shown.
package struct FeedURL: Hashable, Sendable {
  /// How a feed's bytes come.
  package enum Scheme: String, CaseIterable, Sendable {
    case rtsp, rtsps, http, https, srt, rtp, udp

    /// Where the URL names none; nil where it must.
    package var usualPort: UInt16? {
      switch self {
      case .rtsp: 554
      case .rtsps: 322
      case .http: 80
      case .https: 443
      case .srt, .rtp, .udp: nil
      }
    }

    /// What may stand behind its "?"; nil: anything, for it is the server's to read.
    fileprivate var keys: Set<String>? {
      switch self {
      case .rtsp, .rtsps, .http, .https: nil
      case .srt: ["mode", "latency", "passphrase", "pbkeylen", "streamid"]
      case .rtp, .udp: ["localaddr"]
      }
    }
  }

  package let scheme: Scheme
  /// "user:password", as it stands in the URL; nil where there is none.
  package let credentials: String?
  /// A name or an address, IPv6 without its brackets; empty for "on any address of this machine".
  package let host: String
  package let port: UInt16
  /// From the first "/" behind the host, query and all; may be empty.
  package let path: String
  /// The query of srt:, rtp: and udp:, decoded.
  package let options: [String: String]

  /// What is wrong with a feed's URL, in words that follow its text ("names no host"); nil when nothing is.
  package static func fault(_ url: String) -> String? {
    do {
      _ = try FeedURL(url)
      return nil
    } catch {
      return error.description
    }
  }

  /// Why a text is no feed's URL.
  package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// - Throws: in words that follow the URL's own, and repeat nothing of it that may be a part of a password.
  package init(_ url: String) throws(Fault) {
    guard url.utf8.count <= 2_048 else { throw Fault(description: "is longer than 2048 bytes") }
    // What would start another URL, another option or another line in what libav makes of it.
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"|\"\\<>^`{}".utf8.contains($0) }) else {
      throw Fault(
        description: "has a space, a \"|\" or another sign that no URL may have: write it as %20, %7C and so on")
    }
    guard let colon = url.utf8.firstIndex(of: UInt8(ascii: ":")),
      let scheme = Scheme(rawValue: url[..<colon].lowercased())
    else {
      throw Fault(description: "does not begin with rtsp:, rtsps:, http:, https:, srt:, rtp: or udp:")
    }
    guard url[colon...].hasPrefix("://") else {
      throw Fault(description: "has no \"//\" behind \"\(scheme.rawValue):\"")
    }
    var rest = url[colon...].dropFirst(3)
    if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    var authority = rest[..<end]
    if !authority.contains("@"), authority.contains(":"), url[authority.endIndex...].contains("@") {
      throw Fault(
        description: "has an \"@\" behind its host: in a password write \"/\" as %2F, \"?\" as %3F, \"#\" as %23, "
          + "elsewhere \"@\" as %40")
    }
    path = String(rest[end...])
    if let at = authority.lastIndex(of: "@") {
      let user = authority[..<at]
      authority = authority[authority.index(after: at)...]
      credentials = user.isEmpty ? nil : String(user)
    } else {
      credentials = nil
    }
    let (host, port) = try FeedURL.split(authority, scheme)
    self.scheme = scheme
    self.host = host
    self.port = port
    options = try FeedURL.options(rest[end...], scheme)
    try confirm()
  }

  private static func split(_ authority: Substring, _ scheme: Scheme) throws(Fault) -> (String, UInt16) {
    var host = authority
    var digits: Substring?
    if authority.hasPrefix("[") {
      guard let close = authority.firstIndex(of: "]") else { throw Fault(description: "has a \"[\" without a \"]\"") }
      host = authority[authority.index(after: authority.startIndex)..<close]
      guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
        throw Fault(description: "has no IPv6 address between its brackets")
      }
      let behind = authority[authority.index(after: close)...]
      guard behind.isEmpty || behind.hasPrefix(":") else { throw Fault(description: "has no \":\" behind its \"]\"") }
      digits = behind.isEmpty ? nil : behind.dropFirst()
    } else if let colon = authority.lastIndex(of: ":") {
      host = authority[..<colon]
      digits = authority[authority.index(after: colon)...]
    }
    let isName = host.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-._".utf8.contains($0)
    }
    guard authority.hasPrefix("[") || isName, host.utf8.count <= 253 else {
      throw Fault(description: "names no host that can be")
    }
    guard let digits else {
      guard let port = scheme.usualPort else { throw Fault(description: "names no port") }
      return (String(host), port)
    }
    guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits), port > 0 else {
      throw Fault(description: "has a port that is not between 1 and 65535")
    }
    return (String(host), port)
  }

  private static func options(_ path: Substring, _ scheme: Scheme) throws(Fault) -> [String: String] {
    guard let keys = scheme.keys else { return [:] }
    let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.isEmpty || parts[0].isEmpty || parts[0] == "/" else {
      throw Fault(description: "has a path, and \(scheme.rawValue): knows none")
    }
    var options: [String: String] = [:]
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(sides[0])
      guard keys.contains(key) else {
        throw Fault(
          description: "says something behind its \"?\" where only \(keys.sorted().joined(separator: ", ")) may be")
      }
      guard sides.count == 2, let value = decoded(sides[1]), !value.isEmpty, value.utf8.count <= 512 else {
        throw Fault(description: "says nothing for \"\(key)\"")
      }
      guard options.updateValue(value, forKey: key) == nil else { throw Fault(description: "says \"\(key)\" twice") }
    }
    return options
  }

  /// What depends on more than one part.
  private func confirm() throws(Fault) {
    switch scheme {
    case .rtsp, .rtsps, .http, .https:
      if host.isEmpty { throw Fault(description: "names no host") }
    case .rtp, .udp:
      if credentials != nil { throw Fault(description: "has a user, and \(scheme.rawValue): knows none") }
      if host.contains(":") { throw Fault(description: "is an IPv6 address, and \(scheme.rawValue): feeds are IPv4") }
      if !host.isEmpty, FeedURL.ipv4(host) == nil {
        throw Fault(
          description: "must name a multicast group or one of this machine's IPv4 addresses, as numbers, or nothing")
      }
    case .srt:
      if credentials != nil { throw Fault(description: "has a user, and srt: knows none (there is \"streamid\")") }
      let mode = options["mode"] ?? "caller"
      guard mode == "caller" || mode == "listener" else {
        throw Fault(description: "says a mode that is neither caller nor listener")
      }
      if mode == "caller", host.isEmpty { throw Fault(description: "names no host") }
      if let latency = options["latency"], Int(latency).map({ (0...5_000).contains($0) }) != true {
        throw Fault(description: "says a latency that is not between 0 and 5000 ms")
      }
      if let passphrase = options["passphrase"], !(10...79).contains(passphrase.utf8.count) {
        throw Fault(description: "has a passphrase that is not of 10 to 79 characters")
      }
      if let length = options["pbkeylen"], !["16", "24", "32"].contains(length) {
        throw Fault(description: "says a pbkeylen that is none of 16, 24, 32")
      }
    }
  }

  /// The four numbers of an IPv4 address; nil for anything else.
  package static func ipv4(_ text: String) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in part.utf8.allSatisfy { (48...57).contains($0) } ? UInt8(part) : nil }
    return parts.count == 4 && numbers.count == 4 ? numbers : nil
  }

  /// Whether rtp: or udp: name a multicast group (224.0.0.0/4, RFC 5771).
  package var isMulticast: Bool { (FeedURL.ipv4(host)?[0] ?? 0) >> 4 == 0b1110 }

  /// What people and logs are shown: without user, password, path and query, any of which may be a secret.
  package var shown: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == scheme.usualPort ? name : "\(name):\(port)"
  }

  /// A text that may be a feed's URL, or should have been one, without anything that may be a secret: its scheme.
  package static func withoutSecrets(_ text: String) -> String {
    if text.isEmpty { return "" }
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"), colon != text.startIndex,
      text[..<colon].utf8.allSatisfy({ (65...90).contains($0) || (97...122).contains($0) || "+-.".utf8.contains($0) })
    else { return "..." }
    return "\(text[..<colon])://..."
  }

  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst(), let low = rest.popFirst(),
        let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16), value >= 0x20, value != 0x7F
      else { return nil }
      bytes.append(value)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension LiveSource.Feed {
  /// What is wrong with a feed's URL, in words that follow its text ("names no host"); nil when nothing is.
  package static func fault(_ url: String) -> String? { FeedURL.fault(url) }
}
