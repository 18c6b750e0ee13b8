import CLinux
import Glibc
import Synchronization

/// A program started by this one, reading from a pipe, in a process group of its own, so that a signal reaches whatever
/// it starts in turn. It never outlives its owner's reference: what still runs then is killed.
package final class ChildProcess: Sendable {
  /// How a program ended.
  package enum Ending: Hashable, Sendable {
    case exited(status: Int32)
    case killed(signal: Int32)
  }

  /// The program's process, and its group's id.
  package let pid: Int32
  /// The pipe's writing end; the program's standard input is the other one.
  package let input: Descriptor
  private let ending = Mutex<Ending?>(nil)

  /// Starts a program with default signal handling and no descriptor but its standard ones: input is the pipe.
  ///
  /// - Parameters:
  ///   - arguments: the program, looked up in PATH when its name has no slash, and its arguments.
  ///   - output: the descriptor that its output and error both go to; this program's standard error by default.
  /// - Throws: ENOENT when there is no such program, and whatever the kernel says.
  package init(_ arguments: [String], output: Int32 = STDERR_FILENO) throws(SystemError) {
    let pipe = try PipeEnds()
    pid = try Self.spawn(arguments, input: pipe.reading.number, output: output)
    input = pipe.writer()
  }

  deinit {
    guard poll() == nil else { return }
    signal(SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
  }

  /// Sends a signal to the program and all of its group, unless it is known to have ended.
  package func signal(_ signal: Int32) {
    ending.withLock { if $0 == nil { kill(-pid, signal) } }
  }

  /// How the program ended; nil while it runs. Does not wait.
  package func poll() -> Ending? {
    ending.withLock { ending in
      if ending == nil {
        var status: Int32 = 0
        let result = unsafe waitpid(pid, &status, WNOHANG)
        if result == pid {
          let signal = CLinux_termination_signal(status)
          ending = signal > 0 ? .killed(signal: signal) : .exited(status: CLinux_exit_status(status))
        } else if result < 0 && errno == ECHILD {
          ending = .exited(status: 0)
        }
      }
      return ending
    }
  }

  private static func spawn(_ arguments: [String], input: Int32, output: Int32) throws(SystemError) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    unsafe CLinux_close_from(&actions, STDERR_FILENO + 1)

    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    var strings = unsafe arguments.map { unsafe strdup($0) }
    defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
    unsafe strings.append(nil)
    var pid: Int32 = 0
    guard let name = arguments.first, let program = unsafe strings[0] else {
      throw SystemError(operation: "start", subject: "a program without a name", code: ENOENT)
    }
    let code = unsafe posix_spawnp(&pid, program, &actions, &attributes, strings, environ)
    guard code == 0 else { throw SystemError(operation: "start", subject: name, code: code) }
    return pid
  }
}
