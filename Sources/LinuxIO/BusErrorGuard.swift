import CLinux
import Glibc

/// Survival of truncated files. Reading a mapped page that its file no longer has raises SIGBUS, which would end the
/// process; with the guard the page reads as zeros from then on, which no check of a tape's bytes takes for media.
package enum BusErrorGuard {
  /// Sets the guard for the whole process. Throws what `sigaction` says.
  package static func install() throws(SystemError) {
    try systemCall("guard against", "bus errors") { CLinux_guard_bus_errors() }
  }

  /// How many pages have been replaced by zeros since the process began.
  package static var faults: UInt64 { CLinux_bus_errors() }
}
