import LinuxIO

/// Clients' addresses, as connections are counted by them.
enum ClientAddress {
  /// What an address is counted as. An IPv4 address by itself, in IPv6's form (RFC 4291, 2.5.5.2) as well; an IPv6 address with
  /// all that have the same first 64 bits, for whoever has one of them has them all. Not so on the server's own network, where
  /// all neighbours share these (link-local addresses among them): there each is counted by itself. Anything else as it is.
  ///
  /// - Parameter own: the server's address on this connection; nil where it is not known.
  static func share(of address: String, at own: String? = nil) -> String {
    guard let bytes = bytes(of: address) else { return address }
    if bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] {
      return bytes[12...].map { String($0) }.joined(separator: ".")
    }
    let isNeighbour = own.flatMap { self.bytes(of: $0) }.map { $0[..<8] == bytes[..<8] } ?? false
    guard !isNeighbour else { return address }
    let groups = stride(from: 0, to: 8, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
    return groups.joined(separator: ":") + "::/64"
  }

  private static func bytes(of address: String) -> [UInt8]? { IPv6.parse(String(address.prefix { $0 != "%" })) }
}
