import Glibc
import LinuxIO

/// Where the one tuner of a user can be found: a directory that is this user's alone, with a Unix socket and a lock in it.
/// What a dead tuner has left there holds up nobody.
struct SessionPlace: Sendable {
  let directory: String
  var socket: String { directory + "/session.sock" }
  var lock: String { directory + "/session.lock" }

  /// `$XDG_RUNTIME_DIR/tuner`, or `/tmp/tuner-UID` where that variable names no directory of this user.
  ///
  /// Throws when the directory cannot be made or is not this user's alone.
  init(environment: [String: String]) throws(TunerError) {
    let runtime = environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") && PrivateDirectory.isOwn($0) ? $0 : nil }
    try self.init(directory: runtime.map { $0 + "/tuner" } ?? "/tmp/tuner-\(PrivateDirectory.user)")
  }

  init(directory: String) throws(TunerError) {
    do throws(SystemError) {
      try PrivateDirectory.make(directory)
    } catch {
      throw TunerError(
        .cannotCreate,
        "\(TunerError(error)) The tuner keeps its socket there; remove it, or set XDG_RUNTIME_DIR.")
    }
    self.directory = directory
  }

  /// Asks the running tuner; nil when none is running.
  func ask(_ request: SessionRequest, timeoutMilliseconds: Int) throws(TunerError) -> SessionReply? {
    let answer: String
    do throws(SystemError) {
      answer = try UnixSocket.ask(
        path: socket, line: StableJSON.line(request), timeoutMilliseconds: timeoutMilliseconds)
    } catch {
      if error.code == ENOENT || error.code == ECONNREFUSED { return nil }
      // It has ended before it answered.
      if error.code == EPIPE || error.code == ECONNRESET { return nil }
      throw TunerError(.temporary, "The running tuner does not answer (\(error.reason)).")
    }
    guard let reply = StableJSON.value(SessionReply.self, answer) else {
      throw TunerError(.temporary, "The running tuner is of another version. Stop it and start again.")
    }
    return reply
  }

  /// The process that holds the lock, if one does.
  var holder: Int32? {
    do throws(SystemError) {
      _ = try LockFile(path: lock)
      return nil
    } catch {
      return error.code == EWOULDBLOCK ? LockFile.holder(path: lock) : nil
    }
  }
}
