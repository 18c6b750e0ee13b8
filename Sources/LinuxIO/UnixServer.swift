import CLinux
import Glibc
import Synchronization

/// Answers other processes of this user: listens at a path, one thread for each connection, so that a slow client holds
/// up nobody but itself.
package final class UnixServer: Sendable {
  /// Connections served at once; one more is closed at once.
  package static let connectionLimit = 32
  /// How long a client may take for a line, and how long it may be silent.
  package static let idleMilliseconds = 10_000

  /// Where it listens.
  package let path: String
  private let listener: Listener
  private let closed = Mutex(false)

  /// Listens. The socket is this user's alone (0600); one left behind at the path is replaced if nobody answers there.
  ///
  /// - Parameter answer: called on a connection's thread with one line, without its end; returns the answer.
  /// - Throws: EADDRINUSE when somebody else listens at the path, and whatever the kernel says.
  package init(path: String, _ answer: @escaping @Sendable (String) -> String) throws(SystemError) {
    self.path = path
    let listener = Listener(try Self.listen(path))
    self.listener = listener
    try RealTimeThread.detach(name: "unix-accept") {
      let connections = Connections()
      while true {
        let accepted = accept(listener.socket.number, nil, nil)
        guard accepted >= 0 else {
          if errno == EINTR || errno == ECONNABORTED { continue }
          guard errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS else { break }
          SteadyClock.sleep(until: SteadyClock.now + 100_000_000)  // others may give some back
          continue
        }
        connections.serve(Descriptor(owning: accepted), path, answer)
      }
    }
  }

  /// Stops listening and removes the socket; connections end with the answers they wait for.
  package func close() {
    let first = closed.withLock { closed in
      defer { closed = true }
      return !closed
    }
    guard first else { return }
    unsafe unlink(path)
    // Wakes the accepting thread, whose next accept fails with EINVAL.
    shutdown(listener.socket.number, Int32(SHUT_RDWR))
  }

  deinit { close() }

  private static func listen(_ path: String) throws(SystemError) -> Descriptor {
    let socket = try Socket.open(AF_UNIX, CLinux_SOCK_STREAM)
    // Before bind: the file takes the socket's mode, so that it is never open to others, not for a moment.
    try systemCall("set the mode of", path) { fchmod(socket.number, 0o600) }
    do {
      try bind(socket.number, path)
    } catch {
      guard error.code == EADDRINUSE, !isAlive(path) else { throw error }
      unsafe unlink(path)
      try bind(socket.number, path)
    }
    try systemCall("listen at", path) { Glibc.listen(socket.number, 64) }
    return socket
  }

  private static func bind(_ socket: Int32, _ path: String) throws(SystemError) {
    try unsafe UnixSocket.call("listen at", path) { unsafe Glibc.bind(socket, $0, $1) }
  }

  /// Whether somebody listens at a path. Only a refusal shows that nobody does.
  package static func isAlive(_ path: String) -> Bool {
    do {
      _ = try UnixSocket.connect(path, timeoutMilliseconds: 200)
      return true
    } catch {
      return error.code != ECONNREFUSED && error.code != ENOENT
    }
  }
}

/// Owned by the server and by its accepting thread: the number is free for others only when both are done with it.
private final class Listener: Sendable {
  let socket: Descriptor

  init(_ socket: consuming Descriptor) { self.socket = socket }
}

/// The connections of one server, counted.
private final class Connections: Sendable {
  private let count = Atomic<Int>(0)

  func serve(_ socket: consuming Descriptor, _ path: String, _ answer: @escaping @Sendable (String) -> String) {
    guard count.add(1, ordering: .relaxed).newValue <= UnixServer.connectionLimit else {
      count.subtract(1, ordering: .relaxed)
      return
    }
    let number = socket.release()
    let started: Void? = try? RealTimeThread.detach(name: "unix-line") { [self] in
      defer { count.subtract(1, ordering: .relaxed) }
      var connection = LineConnection(Descriptor(owning: number), name: path)
      while let line = try? connection.read(before: Self.limit) {
        guard (try? connection.write(answer(line), before: Self.limit)) != nil else { return }
      }
    }
    if started == nil {
      count.subtract(1, ordering: .relaxed)
      Glibc.close(number)
    }
  }

  private static var limit: Int64 { SteadyClock.now + Int64(UnixServer.idleMilliseconds) * 1_000_000 }
}
