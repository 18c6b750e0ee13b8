import CLinux
import Glibc
import Synchronization

/// Lines that another program writes: its output goes into a pipe, and comes out here.
package final class LinePipe: Sendable {
  /// The longest line, in bytes; a longer one comes in pieces.
  private static let lineLimit = 4096

  private let reading: Descriptor
  private let writing: Mutex<Descriptor?>

  package init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    try systemCall("make", "a pipe") { unsafe CLinux_pipe(&ends) }
    reading = Descriptor(owning: ends[0])
    writing = Mutex(Descriptor(owning: ends[1]))
  }

  /// Starts a program that writes into the pipe, and from then on it alone holds that end.
  package func start(_ arguments: [String]) throws(SystemError) -> ChildProcess {
    try writing.withLock { end throws(SystemError) in
      defer { end = nil }
      return try ChildProcess(arguments, output: end?.number ?? STDERR_FILENO)
    }
  }

  /// Calls `body` with each line, without its end, until the program and all that it has started have closed theirs.
  package func readLines(_ body: (String) -> Void) {
    var bytes = [UInt8](repeating: 0, count: 1024)
    var line: [UInt8] = []
    while true {
      let count = unsafe read(reading.number, &bytes, bytes.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      for byte in bytes[..<count] {
        let isEnd = byte == UInt8(ascii: "\n")
        if !isEnd { line.append(byte) }
        if isEnd || line.count >= Self.lineLimit {
          body(String(decoding: line, as: UTF8.self))
          line = []
        }
      }
    }
    if !line.isEmpty { body(String(decoding: line, as: UTF8.self)) }
  }
}
