import FoundationEssentials
import Glibc
import LinuxIO

/// The directory in which this stationd and its transmitters meet: one for each configuration file and user.
struct RunDirectory: ~Copyable, Sendable {
  let path: String
  private let lock: LockFile

  /// Makes the directory and locks it for this process.
  ///
  /// - Throws: EWOULDBLOCK when another stationd has it.
  init(configuration file: String, base: String = Self.base()) throws(SystemError) {
    let path = try Self.path(configuration: file, base: base)
    if base.hasPrefix("/tmp/") { try PrivateDirectory.make(base) }  // where anyone could have made it
    do {
      try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
    } catch {
      throw SystemError(operation: "make", subject: "the directory \(base)", code: Self.code(of: error))
    }
    try PrivateDirectory.make(path)
    let lock = try Patient.lock("\(path)/stationd.lock")
    self.path = path
    self.lock = lock
  }

  /// Where a stationd with this configuration file meets others, whether there is one or not.
  static func path(configuration file: String, base: String = Self.base()) throws(SystemError) -> String {
    "\(base)/\(FNV.hash128(try FileStatus.realPath(file).utf8).hexadecimal.prefix(16))"
  }

  /// Where run directories lie for this user, by what the environment says.
  static func base(environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
    // systemd may give several, with colons between.
    if let given = environment["RUNTIME_DIRECTORY"]?.split(separator: ":").first { return String(given) }
    let user = PrivateDirectory.user
    if user == 0 { return "/run/stationd" }
    if let own = environment["XDG_RUNTIME_DIR"], !own.isEmpty { return "\(own)/stationd" }
    return "/tmp/stationd-\(user)"
  }

  static func code(of error: any Error) -> Int32 {
    switch (error as? CocoaError)?.code {
    case .fileWriteNoPermission: EACCES
    case .fileWriteOutOfSpace: ENOSPC
    case .fileWriteVolumeReadOnly: EROFS
    case .fileWriteFileExists: EEXIST
    default: EIO
    }
  }
}

/// A stationd that was just killed holds its locks for some milliseconds more.
enum Patient {
  static func lock(_ path: String) throws(SystemError) -> LockFile {
    let end = SteadyClock.now + 500_000_000
    while true {
      do {
        return try LockFile(path: path)
      } catch {
        guard error.code == EWOULDBLOCK, SteadyClock.now < end else { throw error }
        SteadyClock.sleep(until: SteadyClock.now + 10_000_000)
      }
    }
  }
}
