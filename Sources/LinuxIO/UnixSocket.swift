import CLinux
import Glibc

/// Questions to another process of this machine: one line out, one line back.
package enum UnixSocket {
  /// The longest line, in bytes, its end not counted.
  package static let lineLimit = 16 << 20

  /// Asks the process that listens at `path`.
  ///
  /// - Parameter timeoutMilliseconds: for the whole exchange.
  /// - Returns: the answer, without its line end.
  /// - Throws: ECONNREFUSED or ENOENT when nobody listens there, ETIMEDOUT, EPIPE when it hung up without an answer.
  package static func ask(path: String, line: String, timeoutMilliseconds: Int) throws(SystemError) -> String {
    let end = SteadyClock.now + Int64(timeoutMilliseconds) * 1_000_000
    let socket = try connect(path, timeoutMilliseconds: timeoutMilliseconds)
    var connection = LineConnection(socket, name: path)
    try connection.write(line, before: end)
    guard let answer = try connection.read(before: end) else {
      throw SystemError(operation: "get an answer from", subject: path, code: EPIPE)
    }
    return answer
  }

  /// Connects a stream socket; a full queue of callers is waited for.
  static func connect(_ path: String, timeoutMilliseconds: Int) throws(SystemError) -> Descriptor {
    let socket = try Socket.open(AF_UNIX, CLinux_SOCK_STREAM)
    // On a Unix socket this also limits how long connect waits.
    let limit = timeval(
      tv_sec: timeoutMilliseconds / 1000, tv_usec: __suseconds_t(max(1, timeoutMilliseconds % 1000 * 1000)))
    try Socket.set(socket.number, SOL_SOCKET, SO_SNDTIMEO, limit, "SO_SNDTIMEO")
    try unsafe call("connect to", path) { unsafe Glibc.connect(socket.number, $0, $1) }
    return socket
  }

  /// Makes a system call with the kernel's form of a path. That holds 107 bytes; a longer path is reached through its
  /// directory, opened.
  static func call(
    _ operation: StaticString, _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(SystemError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path) - 1
    var short = path
    var directory: Descriptor?
    if path.utf8.count > room {
      let slash = path.lastIndex(of: "/")
      let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
      let opened = try Descriptor(opening: parent, CLinux_O_PATH | O_DIRECTORY)
      short = "/proc/self/fd/\(opened.number)/\(slash.map { path[path.index(after: $0)...] } ?? path[...])"
      directory = consume opened
    }
    guard short.utf8.count <= room else {
      throw SystemError(operation: operation.description, subject: path, code: ENAMETOOLONG)
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: short.utf8) }
    try systemCall(operation, path) {
      unsafe withUnsafePointer(to: address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
    _ = consume directory  // held open until here
  }
}

/// One connection's lines, within a limit on their length and on time.
struct LineConnection: ~Copyable {
  private let socket: Descriptor
  private let name: String
  private var received: [UInt8] = []

  init(_ socket: consuming Descriptor, name: String) {
    self.socket = socket
    self.name = name
  }

  /// The next line without its end; nil when the peer has hung up.
  mutating func read(before end: Int64) throws(SystemError) -> String? {
    var searched = 0
    while true {
      if let newline = received[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: received[..<newline], as: UTF8.self)
        received.removeSubrange(...newline)
        return line
      }
      searched = received.count
      guard searched <= UnixSocket.lineLimit else { throw error("read from", EMSGSIZE) }
      guard try DescriptorIO.wait(socket.number, toWrite: false, timeoutMilliseconds: Self.left(until: end)) else {
        throw error("read from", ETIMEDOUT)
      }
      var taken = 0
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
        taken = unsafe recv(socket.number, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        count = max(0, taken)
      }
      if taken == 0 { return nil }
      if taken < 0 && errno != EAGAIN && errno != EINTR { throw error("read from", errno) }
      received += chunk
    }
  }

  /// Writes a line and its end.
  mutating func write(_ line: String, before end: Int64) throws(SystemError) {
    let bytes = Array((line + "\n").utf8)
    var sent = 0
    while sent < bytes.count {
      guard try DescriptorIO.wait(socket.number, toWrite: true, timeoutMilliseconds: Self.left(until: end)) else {
        throw error("write to", ETIMEDOUT)
      }
      let taken = unsafe bytes.withUnsafeBufferPointer {
        // No SIGPIPE: a peer that hung up is an error like any other.
        unsafe send(
          socket.number, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
      if taken >= 0 {
        sent += taken
      } else if errno != EAGAIN && errno != EINTR {
        throw error("write to", errno)
      }
    }
  }

  private func error(_ operation: String, _ code: Int32) -> SystemError {
    SystemError(operation: operation, subject: name, code: code)
  }

  private static func left(until end: Int64) -> Int {
    Int(max(0, end - SteadyClock.now + 999_999) / 1_000_000)
  }
}
