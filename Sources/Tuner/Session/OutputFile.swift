import Glibc
import LinuxIO
import Reception

/// A file, a pipe or a device that a stream is written to by its path.
enum OutputFile {
  /// Opens it, and waits for nobody: a named pipe takes nothing until somebody reads it.
  ///
  /// - Parameter replaces: whether a file that is there is emptied; else it is left alone. Pipes and devices are always
  ///   written to.
  /// - Throws: ``TunerError/Status/cannotCreate``.
  static func open(_ path: String, replaces: Bool) throws(TunerError) -> any Sink {
    let status = try? FileStatus(path)
    if status?.isPipe == true { return PipeSink(path) }
    let isDevice = status?.kind == .other
    let flags = isDevice ? 0 : O_CREAT | (replaces ? O_TRUNC : O_EXCL)
    do throws(SystemError) {
      return FileSink(try Descriptor(opening: path, O_WRONLY | O_NONBLOCK | flags, mode: 0o644))
    } catch {
      let isThere = error.code == EEXIST
      throw TunerError(
        .cannotCreate,
        isThere ? "\(printable(path)) is there already; --force replaces it." : TunerError(error).description)
    }
  }
}
