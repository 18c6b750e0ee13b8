import CLinux
import Glibc

/// Signals as something to read, whichever thread of the process gets them, so that it works in a program whose threads
/// were started before anybody could block them. There is one of these in a process.
package struct CaughtSignals: ~Copyable, Sendable {
  private let reading: Descriptor

  /// Readable, for `poll`, when a signal has come.
  package var descriptor: Int32 { reading.number }

  /// Catches signals from now on. Programs started later get them as they are by default.
  package init(_ signals: [Int32]) throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    try systemCall("make", "a pipe for signals") { unsafe CLinux_pipe(&ends) }
    let end = Descriptor(owning: ends[0])
    // The handler writes to the other end for as long as the process lives.
    let writing = ends[1]
    try systemCall("catch", "signals") { unsafe CLinux_catch_signals(signals, signals.count, writing) }
    reading = consume end
  }

  /// Waits for the next of them; nil when the time ran out.
  ///
  /// - Parameter timeoutMilliseconds: negative waits for ever.
  package func wait(timeoutMilliseconds: Int = -1) throws(SystemError) -> Int32? {
    guard try DescriptorIO.wait(reading.number, toWrite: false, timeoutMilliseconds: timeoutMilliseconds) else {
      return nil
    }
    var byte: UInt8 = 0
    try systemCall("read", "caught signals") { unsafe read(reading.number, &byte, 1) }
    return Int32(byte)
  }
}
