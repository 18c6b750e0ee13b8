import CLinux
import Glibc

/// Several descriptors to wait for at once. It is filled anew before each wait; its memory stays.
package struct PollSet: ~Copyable, Sendable {
  private var entries: [pollfd] = []

  /// - Parameter capacity: for how many descriptors to take memory now.
  package init(capacity: Int) { entries.reserveCapacity(capacity) }

  /// Takes all descriptors out.
  package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Adds a descriptor for the next wait: until there is something to read, or until it takes something.
  package mutating func add(_ descriptor: Int32, toWrite: Bool = false) {
    entries.append(pollfd(fd: descriptor, events: Int16(toWrite ? POLLOUT : POLLIN), revents: 0))
  }

  /// Waits until one of them is ready, has failed or was hung up, or a steady date (nanoseconds) has come; a signal may
  /// end the wait early.
  package mutating func wait(until date: Int64) {
    _ = unsafe CLinux_poll(&entries, entries.count, max(0, date - SteadyClock.now))
  }
}
