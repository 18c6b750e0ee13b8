import Glibc

/// The one owner of a file descriptor: closes it at the end of its life.
package struct Descriptor: ~Copyable, Sendable {
  /// The descriptor's number, for calls that borrow it.
  package let number: Int32

  /// Takes over an open descriptor.
  package init(owning number: Int32) {
    self.number = number
  }

  /// Opens a path; the descriptor is closed on exec. Throws what `open` says.
  package init(opening path: String, _ flags: Int32, mode: mode_t = 0o600) throws(SystemError) {
    number = try systemCall("open", path) { unsafe open(path, flags | O_CLOEXEC, mode) }
  }

  /// Gives the descriptor up: whoever takes the number closes it.
  package consuming func release() -> Int32 {
    let released = number
    discard self
    return released
  }

  deinit {
    // Never again on EINTR: the number is free already, and may be another thread's by now.
    close(number)
  }
}

/// Reading and writing with a limit on time, whoever owns the descriptor and whatever its flags.
package enum DescriptorIO {
  /// A reader that went away is an error of the write (EPIPE), not the end of this process: pipes have no MSG_NOSIGNAL.
  private static let brokenPipesAreErrors: Void = Signals.ignore([SIGPIPE])

  /// Waits until a descriptor is ready; false when the time ran out. An error or hang-up counts as ready: the next
  /// read or write tells.
  ///
  /// - Parameter timeoutMilliseconds: negative waits for ever.
  package static func wait(
    _ descriptor: Int32, toWrite: Bool, timeoutMilliseconds: Int
  ) throws(SystemError) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0)
    let end = SteadyClock.now + Int64(timeoutMilliseconds) * 1_000_000
    while true {
      let left = timeoutMilliseconds < 0 ? -1 : max(0, (end - SteadyClock.now + 999_999) / 1_000_000)
      let ready = unsafe poll(&entry, 1, Int32(clamping: left))
      if ready >= 0 { return ready > 0 }
      guard errno == EINTR else {
        throw SystemError(operation: "wait for", subject: "descriptor \(descriptor)", code: errno)
      }
    }
  }

  /// Writes bytes, waiting while the reader is slow, in steps a ready pipe takes without blocking (PIPE_BUF, 4096).
  ///
  /// - Returns: how many bytes were taken: fewer than given when the time ran out.
  package static func write(
    _ bytes: Span<UInt8>, to descriptor: Int32, timeoutMilliseconds: Int
  ) throws(SystemError) -> Int {
    _ = brokenPipesAreErrors
    let end = SteadyClock.now + Int64(timeoutMilliseconds) * 1_000_000
    var written = 0
    while written < bytes.count {
      let left = timeoutMilliseconds < 0 ? -1 : Int(max(0, end - SteadyClock.now) / 1_000_000)
      guard try wait(descriptor, toWrite: true, timeoutMilliseconds: left) else { break }
      let taken = unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress! + written, min(4096, buffer.count - written))
      }
      if taken >= 0 {
        written += taken
      } else if errno != EAGAIN && errno != EINTR {
        throw SystemError(operation: "write to", subject: "descriptor \(descriptor)", code: errno)
      }
    }
    return written
  }

  /// Has writes to a descriptor never wait, also for others that share what it has open: for descriptors of our own only.
  package static func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// Writes what a descriptor takes in one call: one that was made non-blocking, or a file on a disk.
  ///
  /// - Returns: how many bytes it took.
  package static func writeOnce(_ bytes: Span<UInt8>, to descriptor: Int32) throws(SystemError) -> Int {
    _ = brokenPipesAreErrors
    let count = unsafe bytes.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EINTR { return 0 }
    throw SystemError(operation: "write to", subject: "descriptor \(descriptor)", code: errno)
  }

  /// Reads what is there, waiting for the first of it as long as it takes.
  ///
  /// - Returns: how many bytes; 0 at the end.
  package static func read(_ descriptor: Int32, into bytes: inout [UInt8]) throws(SystemError) -> Int {
    let room = bytes.count
    while true {
      let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, room) }
      if count >= 0 { return count }
      if errno == EAGAIN {
        _ = try wait(descriptor, toWrite: false, timeoutMilliseconds: -1)
      } else if errno != EINTR {
        throw SystemError(operation: "read from", subject: "descriptor \(descriptor)", code: errno)
      }
    }
  }

  /// Writes all bytes, however long it takes.
  package static func writeAll(_ bytes: Span<UInt8>, to descriptor: Int32) throws(SystemError) {
    _ = try write(bytes, to: descriptor, timeoutMilliseconds: -1)
  }

  /// Writes a line to standard error; a closed or full pipe there loses the line, never the caller.
  package static func log(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = try? write(bytes.span, to: STDERR_FILENO, timeoutMilliseconds: 0)
  }
}
