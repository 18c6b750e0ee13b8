import Glibc
import LinuxIO
import Synchronization

/// Something that takes a transport stream: a player's pipe, a file.
package protocol Sink: AnyObject, Sendable {
  /// How it keeps time.
  var pacing: Pacing { get }

  /// Takes what it can without waiting.
  ///
  /// - Returns: how many bytes it took.
  /// - Throws: EPIPE when nobody reads any more, and whatever the kernel says.
  func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int

  /// Whether there is somebody to read it; until then ``write(_:)`` takes nothing.
  ///
  /// - Throws: whatever the kernel says.
  func isReady() throws(SystemError) -> Bool

  /// What the player has told since the last call that it plays: seconds of the stream's own time, and when it told, in
  /// steady nanoseconds. Nil when nothing, or nobody tells.
  func takeClock() -> (seconds: Double, date: Int64)?
}

extension Sink {
  package func isReady() throws(SystemError) -> Bool { true }

  package func takeClock() -> (seconds: Double, date: Int64)? { nil }
}

/// A player: a program that reads a transport stream from its standard input.
package final class PlayerSink: Sink {
  package let player: ChildProcess
  package let pacing: Pacing
  private let clock = Mutex<(seconds: Double, date: Int64)?>(nil)

  /// - Parameter hasGauge: whether it tells what it plays (``tell(_:)``).
  package init(_ player: ChildProcess, hasGauge: Bool = false) {
    self.player = player
    pacing = .player(hasGauge: hasGauge)
    // The writing end is this process's alone.
    DescriptorIO.setNonBlocking(player.input.number)
  }

  package func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    try DescriptorIO.writeOnce(bytes, to: player.input.number)
  }

  /// The player tells what it plays just now: seconds of the stream's own time.
  package func tell(_ seconds: Double) { clock.withLock { $0 = (seconds, SteadyClock.now) } }

  package func takeClock() -> (seconds: Double, date: Int64)? {
    clock.withLock { told in
      defer { told = nil }
      return told
    }
  }
}

/// A file, a pipe or standard output that the stream is written to.
package final class FileSink: Sink {
  private let descriptor: Descriptor
  private let isShared: Bool
  package let pacing = Pacing.none

  /// - Parameter isShared: whether other processes write there as well, as to standard output: then its flags are left
  ///   as they are.
  package init(_ descriptor: consuming Descriptor, isShared: Bool = false) {
    self.isShared = isShared
    if !isShared { DescriptorIO.setNonBlocking(descriptor.number) }
    self.descriptor = descriptor
  }

  package func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    isShared
      ? try DescriptorIO.write(bytes, to: descriptor.number, timeoutMilliseconds: 0)
      : try DescriptorIO.writeOnce(bytes, to: descriptor.number)
  }
}

/// What is on its way into a sink: many datagrams to one system call.
struct SinkBuffer: ~Copyable {
  /// Bytes; half of what a pipe holds.
  static let size = 32 << 10

  private var bytes = [UInt8](repeating: 0, count: size)
  /// The bytes that wait.
  private var waiting = 0..<0

  var isEmpty: Bool { waiting.isEmpty }

  /// Takes what there is room for, and returns how many bytes that is.
  mutating func append(_ more: Span<UInt8>) -> Int {
    if waiting.isEmpty { waiting = 0..<0 }
    let start = waiting.upperBound
    let count = min(more.count, Self.size - start)
    waiting = waiting.lowerBound..<start + count
    var room = bytes.mutableSpan
    for index in 0..<count { room[start + index] = more[index] }
    return count
  }

  /// Writes what the sink takes.
  ///
  /// - Returns: whether it took all.
  mutating func flush(to sink: any Sink) throws(SystemError) -> Bool {
    guard !waiting.isEmpty else { return true }
    let count = try sink.write(bytes.span.extracting(waiting))
    waiting = waiting.lowerBound + count..<waiting.upperBound
    return waiting.isEmpty
  }

  mutating func clear() { waiting = 0..<0 }
}
