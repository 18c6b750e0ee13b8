import CLinux

/// A pipe of this process alone: both ends are closed on exec.
package struct PipeEnds: ~Copyable {
  package let reading: Descriptor
  package let writing: Descriptor

  /// Throws what the kernel says when there are no descriptors left.
  package init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    try systemCall("make", "a pipe") { unsafe CLinux_pipe(&ends) }
    reading = Descriptor(owning: ends[0])
    writing = Descriptor(owning: ends[1])
  }

  /// The reading end; the other is closed.
  package consuming func reader() -> Descriptor { reading }

  /// The writing end; the other is closed.
  package consuming func writer() -> Descriptor { writing }
}
