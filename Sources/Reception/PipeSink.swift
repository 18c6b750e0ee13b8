import Glibc
import LinuxIO
import Synchronization

/// A named pipe (fifo(7)), which opens when somebody reads it. Nothing waits for that: until then it takes nothing.
package final class PipeSink: Sink {
  package let pacing = Pacing.none
  private let path: String
  private let opened = Mutex<FileSink?>(nil)

  package init(_ path: String) { self.path = path }

  package func isReady() throws(SystemError) -> Bool { try sink() != nil }

  package func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int { try sink()?.write(bytes) ?? 0 }

  private func sink() throws(SystemError) -> FileSink? {
    try opened.withLock { (opened) throws(SystemError) in
      if opened == nil, let descriptor = try descriptor() { opened = FileSink(descriptor) }
      return opened
    }
  }

  private func descriptor() throws(SystemError) -> Descriptor? {
    do throws(SystemError) {
      return try Descriptor(opening: path, O_WRONLY | O_NONBLOCK)
    } catch {
      // Nobody reads it.
      if error.code == ENXIO { return nil }
      throw error
    }
  }
}
