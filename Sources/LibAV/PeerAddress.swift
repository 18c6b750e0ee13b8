/// Where a connection leads: an IPv4 or IPv6 address and a port.
package struct PeerAddress: Hashable, Sendable {
  /// 4 or 16, in network order. An IPv4 address that is written in IPv6 (::ffff:a.b.c.d, 64:ff9b::a.b.c.d, 2002:a.b.c.d::)
  /// is kept as the IPv4 address, for that is where it leads.
  package let bytes: [UInt8]
  package let port: UInt16

  package init(bytes: [UInt8], port: UInt16) {
    self.bytes = PeerAddress.plain(bytes)
    self.port = port
  }

  private static func plain(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count == 16 else { return bytes }
    let zeros = bytes.prefix { $0 == 0 }.count
    if zeros == 10, bytes[10] == 0xFF, bytes[11] == 0xFF { return Array(bytes[12...]) }
    // RFC 4291 §2.5.5.1, out of use; :: and ::1 are not meant.
    if zeros == 12 { return Array(bytes[12...]) }
    if bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) { return Array(bytes[12...]) }
    if bytes.starts(with: [0x20, 0x02]) { return Array(bytes[2..<6]) }
    return bytes
  }

  /// How far an address is from the public (RFC 6890).
  package enum Reach: Sendable {
    case `public`
    /// Networks of one owner: RFC 1918, RFC 4193, shared space (RFC 6598).
    case `private`
    /// The machine itself, and what only it and its cable's other end know: metadata services live there.
    case local
    /// None that one host serves: multicast, reserved, unspecified.
    case none
  }

  package var reach: Reach { bytes.count == 4 ? reach4 : bytes.count == 16 ? reach6 : .none }

  private var reach4: Reach {
    switch (bytes[0], bytes[1], bytes[2]) {
    case (127, _, _), (169, 254, _): .local
    // The kernel takes 0.0.0.0 for this machine.
    case (0, _, _): .local
    case (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _), (198, 18...19, _), (192, 0, 0): .private
    case (192, 0, 2), (198, 51, 100), (203, 0, 113): .none
    case (224..., _, _): .none
    default: .public
    }
  }

  private var reach6: Reach {
    if bytes.prefix(15).allSatisfy({ $0 == 0 }) { return .local }
    switch (bytes[0], bytes[1]) {
    case (0xFE, 0x80...0xBF): return .local
    // Site-local is out of use (RFC 3879) but was private.
    case (0xFE, 0xC0...), (0xFC...0xFD, _): return .private
    case (0x20...0x3F, _): return .public
    default: return .none
    }
  }
}

/// Where a feed may lead: nothing that a feed's server says must make the recorder talk to services that only this
/// machine, or this network, can reach.
package struct PeerRule: Hashable, Sendable {
  /// What the feed's own URL names, as the resolver says.
  package let own: Set<PeerAddress>
  /// Local addresses are own only where the URL itself says so: "127.0.0.1", "localhost".
  package let isLocal: Bool

  package init(own: Set<PeerAddress>, isLocal: Bool) {
    self.own = own
    self.isLocal = isLocal
  }

  /// Public addresses are open to all. A private one is where the feed's own URL leads to the same host (a camera that
  /// goes over from http: to https: changes the port), a local one where it leads to the same host and port.
  package func allows(_ peer: PeerAddress) -> Bool {
    switch peer.reach {
    case .public: true
    case .private: own.contains { $0.bytes == peer.bytes }
    case .local: isLocal && own.contains(peer)
    case .none: false
    }
  }
}
