import LinuxIO

/// Clients' addresses, as connections are counted by them.
enum ClientAddress {
  /// What an address is counted as: an IPv4 address by itself, in IPv6's form (RFC 4291, 2.5.5.2) as well; an IPv6 address with
  /// all that have the same first 64 bits, for whoever has one of them has them all. Anything else as it is.
  static func share(of address: String) -> String {
    guard let bytes = IPv6.parse(String(address.prefix { $0 != "%" })) else { return address }
    if bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] {
      return bytes[12...].map { String($0) }.joined(separator: ".")
    }
    let groups = stride(from: 0, to: 8, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
    return groups.joined(separator: ":") + "::/64"
  }
}
