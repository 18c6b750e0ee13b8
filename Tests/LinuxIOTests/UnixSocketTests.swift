import Glibc
import LinuxIO
import Synchronization
import Testing

/// A directory of its own for one test, removed with what is in it.
final class Scratch: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/linuxio-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) }.map { unsafe String(cString: $0) }
    }
    path = try #require(made)
  }

  deinit {
    if let directory = unsafe opendir(path) {
      while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
          unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        _ = unsafe unlink("\(path)/\(name)")
        _ = unsafe rmdir("\(path)/\(name)")
      }
      _ = unsafe closedir(directory)
    }
    _ = unsafe rmdir(path)
  }
}

@Suite struct UnixSocketTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  func mode(of path: String) -> mode_t {
    var status = Glibc.stat()
    return unsafe stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func answersALine() throws {
    let path = "\(scratch.path)/s"
    let server = try UnixServer(path: path) { "got \($0.utf8.count)" }
    #expect(try UnixSocket.ask(path: path, line: "hello", timeoutMilliseconds: 2000) == "got 5")
    let megabytes = String(repeating: "x", count: 3 << 20)
    #expect(try UnixSocket.ask(path: path, line: megabytes, timeoutMilliseconds: 5000) == "got \(3 << 20)")
    #expect(mode(of: path) == 0o600)
    server.close()
    #expect(mode(of: path) == 0)
    #expect(throws: SystemError.self) { try UnixSocket.ask(path: path, line: "", timeoutMilliseconds: 100) }
  }

  @Test func aLineTooLongEndsTheConnection() throws {
    let path = "\(scratch.path)/s"
    let server = try UnixServer(path: path) { _ in "" }
    defer { server.close() }
    let line = String(repeating: "x", count: UnixSocket.lineLimit + 100_000)
    #expect(throws: SystemError.self) { try UnixSocket.ask(path: path, line: line, timeoutMilliseconds: 5000) }
  }

  @Test func aLongPathWorks() throws {
    let directory = "\(scratch.path)/\(String(repeating: "d", count: 120))"
    try #require(unsafe mkdir(directory, 0o700) == 0)
    let server = try UnixServer(path: "\(directory)/s") { $0 }
    #expect(mode(of: "\(directory)/s") == 0o600)
    #expect(try UnixSocket.ask(path: "\(directory)/s", line: "x", timeoutMilliseconds: 2000) == "x")
    server.close()
  }

  @Test func replacesOnlyAStaleSocket() throws {
    let path = "\(scratch.path)/s"
    let first = try UnixServer(path: path) { _ in "first" }
    let error = #expect(throws: SystemError.self) { _ = try UnixServer(path: path) { _ in "second" } }
    #expect(error?.code == EADDRINUSE)
    #expect(try UnixSocket.ask(path: path, line: "", timeoutMilliseconds: 2000) == "first")
    first.close()

    // A socket whose process has died.
    let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let bound = unsafe withUnsafePointer(to: address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    close(stale)
    #expect(!UnixServer.isAlive(path))
    let third = try UnixServer(path: path) { _ in "third" }
    #expect(try UnixSocket.ask(path: path, line: "", timeoutMilliseconds: 2000) == "third")
    third.close()
  }

  @Test func aSlowClientHoldsUpNobody() throws {
    let path = "\(scratch.path)/s"
    let isOver = Mutex(false)
    let server = try UnixServer(path: path) { line in
      while line == "slow", !isOver.withLock(\.self) { SteadyClock.sleep(until: SteadyClock.now + 10_000_000) }
      return line
    }
    defer { server.close() }
    defer { isOver.withLock { $0 = true } }
    #expect(throws: SystemError.self) { try UnixSocket.ask(path: path, line: "slow", timeoutMilliseconds: 20) }
    #expect(try UnixSocket.ask(path: path, line: "quick", timeoutMilliseconds: 10_000) == "quick")
  }
}

@Suite struct LockFileTests {
  @Test func oneHolderAndItsPid() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/lock"
    do {
      let held = try LockFile(path: path)
      let error = #expect(throws: SystemError.self) { _ = try LockFile(path: path) }
      #expect(error?.code == EWOULDBLOCK)
      #expect(error?.subject == "\(path), held by process \(getpid())")
      _ = consume held
    }
    _ = try LockFile(path: path)
  }
}
