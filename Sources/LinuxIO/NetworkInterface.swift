import Glibc

/// A network interface of this machine.
package struct NetworkInterface: Hashable, Sendable {
  /// The kernel's name: "eth0".
  package let name: String
  /// The kernel's number.
  package let index: UInt32
  /// Its first IPv4 address, dotted.
  package let address: String?

  /// Finds an interface by its name or by one of its addresses, an IPv6 one with its zone where it is link-local; the
  /// error names those there are.
  package init(_ nameOrAddress: String) throws(SystemError) {
    let all = try Self.addresses()
    let index = nameOrAddress.contains(":") ? try Self.index(ofIPv6: nameOrAddress) : nil
    guard
      let found = all.first(where: {
        $0.name == nameOrAddress || $0.address == nameOrAddress || $0.index == index
      })
    else {
      let known = Self.firstOfEach(all).map { [$0.name, $0.address].compactMap(\.self).joined(separator: " ") }
      let subject = "\(nameOrAddress) among this machine's interfaces (\(known.joined(separator: ", ")))"
      throw SystemError(operation: "find", subject: subject, code: ENODEV)
    }
    self = found
  }

  /// Every interface of this machine, in the kernel's order. Throws what `getifaddrs` says.
  package static func all() throws(SystemError) -> [NetworkInterface] {
    firstOfEach(try addresses())
  }

  private init(name: String, index: UInt32, address: String?) {
    self.name = name
    self.index = index
    self.address = address
  }

  /// One for each IPv4 address, then one for each interface without.
  private static func addresses() throws(SystemError) -> [NetworkInterface] {
    var list: UnsafeMutablePointer<ifaddrs>?
    try systemCall("list", "network interfaces") { unsafe getifaddrs(&list) }
    defer { unsafe freeifaddrs(list) }
    var found: [NetworkInterface] = []
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      let name = unsafe String(cString: entry.pointee.ifa_name)
      let index = unsafe if_nametoindex(name)
      guard index > 0 else { continue }  // gone since
      found.append(NetworkInterface(name: name, index: index, address: unsafe dotted(entry.pointee.ifa_addr)))
    }
    return found.filter { $0.address != nil } + found.filter { $0.address == nil }
  }

  /// The number of the interface that has an IPv6 address; nil when none has.
  private static func index(ofIPv6 text: String) throws(SystemError) -> UInt32? {
    let parts = text.split(separator: "%", maxSplits: 1).map(String.init)
    guard let wanted = parts.first.flatMap(IPv6.parse) else { return nil }
    let zone = unsafe parts.count > 1 ? UInt32(parts[1]) ?? if_nametoindex(parts[1]) : 0
    var list: UnsafeMutablePointer<ifaddrs>?
    try systemCall("list", "network interfaces") { unsafe getifaddrs(&list) }
    defer { unsafe freeifaddrs(list) }
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      guard let address = unsafe entry.pointee.ifa_addr, unsafe address.pointee.sa_family == sa_family_t(AF_INET6)
      else { continue }
      let own = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
      guard unsafe withUnsafeBytes(of: own, { unsafe Array($0) == wanted }) else { continue }
      let index = unsafe if_nametoindex(entry.pointee.ifa_name)
      if index > 0, zone == 0 || zone == index { return index }
    }
    return nil
  }

  private static func firstOfEach(_ all: [NetworkInterface]) -> [NetworkInterface] {
    var seen: Set<UInt32> = []
    return all.filter { seen.insert($0.index).inserted }.sorted { $0.index < $1.index }
  }

  private static func dotted(_ address: UnsafeMutablePointer<sockaddr>?) -> String? {
    guard let address = unsafe address, unsafe address.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
    let ip = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr.bigEndian
    return IPv4.dotted(ip)
  }
}

/// IPv4 addresses as text.
package enum IPv4 {
  /// An address (host byte order) of four decimal numbers; nil for anything else.
  package static func parse(_ text: String) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard part.utf8.count <= 3, part.utf8.allSatisfy({ (48...57).contains($0) }), let byte = UInt8(part) else {
        return nil
      }
      address = address << 8 | UInt32(byte)
    }
    return address
  }

  /// The text of an address in host byte order.
  package static func dotted(_ address: UInt32) -> String {
    "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
  }

  /// Whether an address (host byte order) is a multicast group: 224.0.0.0/4 (RFC 5771).
  package static func isMulticast(_ address: UInt32) -> Bool { address >> 28 == 0b1110 }
}

/// IPv6 addresses as text.
package enum IPv6 {
  /// The sixteen bytes of an address without a zone, in network order; nil for anything else.
  package static func parse(_ text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    let result = unsafe bytes.withUnsafeMutableBytes { room in unsafe inet_pton(AF_INET6, text, room.baseAddress) }
    return result == 1 ? bytes : nil
  }
}
