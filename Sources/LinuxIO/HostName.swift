import CLinux
import Glibc

/// Names of hosts.
package enum HostName {
  /// The addresses of a host as text, IPv4 and IPv6, in the order in which they are to be tried (RFC 6724); those of an
  /// address are itself. Empty where nobody knows the name. Waits for the name service.
  package static func addresses(_ name: String) -> [String] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CLinux_SOCK_STREAM
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { unsafe freeaddrinfo(list) }
    var found: [String] = []
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ai_next
      var text = [CChar](repeating: 0, count: 128)
      let result = unsafe text.withUnsafeMutableBufferPointer { room in
        unsafe getnameinfo(
          entry.pointee.ai_addr, entry.pointee.ai_addrlen, room.baseAddress, socklen_t(room.count), nil, 0,
          NI_NUMERICHOST)
      }
      guard result == 0 else { continue }
      found.append(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return found
  }
}
