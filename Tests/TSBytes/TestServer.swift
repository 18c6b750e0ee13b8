import Glibc
import LinuxIO
import Synchronization

/// A TCP server of a few lines on the loopback interface: each connection is one call of a function, on a thread.
package final class TestServer: Sendable {
  /// One connection, as the server sees it.
  package struct Caller: Sendable {
    fileprivate let socket: Int32

    /// The next line without its end; nil when the client has hung up, or says nothing for five seconds.
    package func line() -> String? {
      var bytes: [UInt8] = []
      var byte: UInt8 = 0
      while unsafe recv(socket, &byte, 1, 0) == 1 {
        if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(byte)
      }
      return nil
    }

    /// Sends all of it; false when the client has hung up.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
      var sent = 0
      while sent < bytes.count {
        let rest = Array(bytes[sent...])
        let count = unsafe Glibc.send(socket, rest, rest.count, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }

    @discardableResult
    package func send(line: String) -> Bool { send(Array((line + "\n").utf8)) }
  }

  package let port: Int
  private let listener: Int32
  private let sockets = Mutex<[Int32]>([])

  /// - Parameter port: 0 is any that is free.
  package init(port: Int = 0, _ serve: @escaping @Sendable (Caller) -> Void) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var one: Int32 = 1
    unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard bound else { throw SystemError(operation: "listen on", subject: "a test's port", code: errno) }
    self.port = Int(UInt16(bigEndian: address.sin_port))
    try RealTimeThread.detach(name: "test-accept") { [self] in
      while true {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else {
          // Not when it is stopped: this thread would then accept for whoever got the number next.
          close(descriptor)
          return
        }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        unsafe setsockopt(accepted, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        sockets.withLock { $0.append(accepted) }
        try? RealTimeThread.detach(name: "test-serve") { [self] in
          serve(Caller(socket: accepted))
          sockets.withLock { open in
            if let index = open.firstIndex(of: accepted) {
              open.remove(at: index)
              close(accepted)
            }
          }
        }
      }
    }
  }

  /// Stops listening and ends all connections.
  package func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    sockets.withLock { for socket in $0 { shutdown(socket, Int32(SHUT_RDWR)) } }
  }
}
