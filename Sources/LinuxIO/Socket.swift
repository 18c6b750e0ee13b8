import CLinux
import Glibc

/// Small steps that sockets share.
enum Socket {
  /// A new socket, closed on exec.
  static func open(_ family: Int32, _ type: Int32, nonBlocking: Bool = false) throws(SystemError) -> Descriptor {
    let flags = CLinux_SOCK_CLOEXEC | (nonBlocking ? CLinux_SOCK_NONBLOCK : 0)
    return Descriptor(owning: try systemCall("open", "a socket") { socket(family, type | flags, 0) })
  }

  /// Sets one option; `name` is for the error.
  static func set<Value: BitwiseCopyable>(
    _ socket: Int32, _ level: Int32, _ option: Int32, _ value: Value, _ name: StaticString
  ) throws(SystemError) {
    try systemCall("set", "socket option \(name)") {
      unsafe withUnsafePointer(to: value) {
        unsafe setsockopt(socket, level, option, $0, socklen_t(MemoryLayout<Value>.size))
      }
    }
  }

  /// Makes a buffer as large as the kernel lets this process: beyond the machine's limit where it may, else up to it.
  static func setBuffer(_ socket: Int32, bytes: Int, force: Int32, option: Int32) {
    let size = Int32(clamping: bytes)
    if (try? set(socket, SOL_SOCKET, force, size, "SO_*BUFFORCE")) == nil {
      try? set(socket, SOL_SOCKET, option, size, "SO_*BUF")
    }
  }

  /// Binds to an IPv4 address (host byte order) and port.
  static func bind(_ socket: Int32, address: UInt32, port: UInt16) throws(SystemError) {
    try systemCall("bind to", "\(IPv4.dotted(address)):\(port)") {
      unsafe withUnsafePointer(to: Socket.address(address, port)) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
  }

  /// The kernel's form of an IPv4 address (host byte order) and port.
  static func address(_ address: UInt32, _ port: UInt16) -> sockaddr_in {
    var result = sockaddr_in()
    result.sin_family = sa_family_t(AF_INET)
    result.sin_port = port.bigEndian
    result.sin_addr.s_addr = address.bigEndian
    return result
  }
}
