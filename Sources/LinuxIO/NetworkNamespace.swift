import CLinux
import Glibc

/// A network namespace: a host of its own, with no interface but those put into it. It has no name, so it is gone, and its
/// interfaces with it, as soon as this value, its threads and its processes are, however they ended.
package struct NetworkNamespace: ~Copyable, Sendable {
  private let file: Descriptor

  /// Makes a namespace and moves this thread into it, and with it what the thread starts from now on: threads, programs.
  /// Throws EPERM without CAP_SYS_ADMIN.
  package static func enterNew() throws(SystemError) -> NetworkNamespace {
    try systemCall("make", "a network namespace") { CLinux_leave_network() }
    return NetworkNamespace(file: try Descriptor(opening: "/proc/thread-self/ns/net", O_RDONLY))
  }

  private init(file: consuming Descriptor) { self.file = file }

  /// Moves this thread into the namespace. Sockets stay where they were opened.
  package func enter() throws(SystemError) {
    try systemCall("enter", "a network namespace") { CLinux_enter_network(file.number) }
  }

  /// A path that stands for the namespace, for other programs, as long as this value is there.
  package var path: String { "/proc/\(getpid())/fd/\(file.number)" }
}
