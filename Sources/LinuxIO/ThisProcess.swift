import Glibc

/// What the kernel says about this process.
package enum ThisProcess {
  /// Its process id.
  package static var pid: Int32 { getpid() }

  /// The path of the program that it runs, for starting it once more; nil where /proc is not mounted.
  package static var program: String? {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &path, path.count)
    return count > 0 ? String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
  }

  /// Bytes of memory in use now (resident set size); 0 where /proc is not mounted.
  package static var residentBytes: Int {
    guard let file = try? Descriptor(opening: "/proc/self/statm", O_RDONLY) else { return 0 }
    var text = [UInt8](repeating: 0, count: 128)
    let count = unsafe read(file.number, &text, text.count)
    let fields = String(decoding: text.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
  }

  /// Leaves the parent's session and terminal, so that their end does not reach this process; returns whether it did:
  /// false when it already leads a group of its own.
  @discardableResult
  package static func leaveSession() -> Bool { setsid() >= 0 }

  /// Sends a signal to this process.
  package static func signal(_ signal: Int32) { kill(getpid(), signal) }

  /// Whether a process with this id is there, whoever owns it.
  package static func isAlive(_ pid: Int32) -> Bool { kill(pid, 0) == 0 || errno == EPERM }

  /// Sends a signal to another process; false when it is not there or not ours.
  package static func signal(_ pid: Int32, _ signal: Int32) -> Bool { pid > 0 && kill(pid, signal) == 0 }

  /// Runs another program in this one's place: same process, same files, same terminal. Returns only when that fails.
  ///
  /// - Parameter arguments: the program's path, then what it is told.
  package static func become(_ arguments: [String]) -> SystemError {
    var pointers = unsafe arguments.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    if let path = unsafe pointers[0] { unsafe execv(path, pointers) }
    let code = errno
    for index in 0..<arguments.count { unsafe free(pointers[index]) }
    return SystemError(operation: "run", subject: arguments.first ?? "nothing", code: code)
  }
}
