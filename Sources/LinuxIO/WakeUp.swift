import Glibc

/// Something to sleep on that another thread may ring: a pipe, and whether there is a byte in it.
package final class WakeUp: Sendable {
  private let read: Descriptor
  private let write: Descriptor

  package init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    try systemCall("make", "a pipe") { unsafe pipe(&ends) }
    read = Descriptor(owning: ends[0])
    write = Descriptor(owning: ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
  }

  /// Ends the sleep of whoever sleeps, or else the next one at once.
  package func ring() {
    var one: UInt8 = 1
    _ = unsafe Glibc.write(write.number, &one, 1)
  }

  /// Readable, for `poll`, once it is rung, until ``clear()``.
  package var descriptor: Int32 { read.number }

  /// Takes note of all rings so far.
  package func clear() {
    var bytes: (UInt64, UInt64) = (0, 0)
    let size = MemoryLayout.size(ofValue: bytes)
    while unsafe Glibc.read(read.number, &bytes, size) == size {}
  }

  /// Sleeps until a steady date (nanoseconds), give or take a millisecond, or until it is rung, whichever comes first.
  package func sleep(until date: Int64) {
    let left = max(0, (date - SteadyClock.now + 999_999) / 1_000_000)
    var entry = pollfd(fd: read.number, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, Int32(clamping: left)) > 0 else { return }
    clear()
  }
}
