import LinuxIO
import NIOCore

/// How far away an address is. Who has a server somewhere may not have its viewers call at places nearer to them: what a
/// server names as its twin is only called where it is as far away as the server.
enum AddressReach: Sendable {
  /// This machine (127.0.0.0/8, ::1).
  case machine
  /// A site's own network: RFC 1918, link-local (RFC 3927, RFC 4291, section 2.5.6), unique local (RFC 4193), and the
  /// addresses that carriers share out (RFC 6598).
  case site
  /// Anything else.
  case world

  /// - Parameter address: as text, with or without a zone; nil when it is none.
  init?(_ address: String) {
    if let address = IPv4.parse(address) {
      self.init(address)
    } else if let bytes = IPv6.parse(String(address.prefix { $0 != "%" })) {
      self.init(bytes)
    } else {
      return nil
    }
  }

  /// - Parameter address: IPv4, host byte order.
  private init(_ address: UInt32) {
    self =
      switch (address >> 24, address >> 16 & 255) {
      // 0.0.0.0 is this machine as well, for who connects to it.
      case (127, _), (0, _): .machine
      case (10, _), (172, 16...31), (192, 168), (169, 254), (100, 64...127): .site
      default: .world
      }
  }

  /// - Parameter bytes: IPv6, sixteen.
  private init(_ bytes: [UInt8]) {
    let prefix = Array(repeating: UInt8(0), count: 10)
    let last = bytes[12..<16].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    if bytes[..<10].elementsEqual(prefix), bytes[10..<12].elementsEqual([0xFF, 0xFF]) {
      // An IPv4 address in another coat (RFC 4291, section 2.5.5.2).
      self.init(last)
    } else if bytes[..<12].allSatisfy({ $0 == 0 }), last <= 1 {
      self = .machine
    } else {
      let isLocal = bytes[0] & 0xFE == 0xFC || (bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80)
      self = isLocal ? .site : .world
    }
  }
}

extension SocketAddress {
  /// The address as text, with the zone that a link-local one means nothing without (RFC 4007, section 11).
  var zonedAddress: String? {
    guard case .v6(let address) = self, address.address.sin6_scope_id > 0 else { return ipAddress }
    return ipAddress.map { "\($0)%\(address.address.sin6_scope_id)" }
  }
}
