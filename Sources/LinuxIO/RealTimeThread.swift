import CLinux
import Glibc

/// A thread of its own, for work that must not wait for a pool.
package final class RealTimeThread: Sendable {
  /// Whether the kernel granted SCHED_FIFO (it wants CAP_SYS_NICE or an RLIMIT_RTPRIO).
  package let isRealTime: Bool
  private let thread: pthread_t

  /// Starts a thread with a fixed priority ahead of every ordinary thread of this machine; without it where the kernel
  /// does not grant it.
  ///
  /// - Parameters:
  ///   - name: as `top -H` shows it, at most 15 bytes.
  ///   - priority: 1...99; nil asks for an ordinary thread.
  ///   - body: runs on the thread; the thread ends with it.
  /// - Throws: when no thread at all can be made.
  package init(name: String, priority: Int32?, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    if let priority, let granted = try? Self.start(name, priority, body) {
      (thread, isRealTime) = (granted, true)
    } else {
      (thread, isRealTime) = (try Self.start(name, nil, body), false)
    }
  }

  /// Waits for the thread's end; to be called at most once.
  package func join() {
    _ = pthread_join(thread, nil)
  }

  /// Starts an ordinary thread that nobody waits for.
  package static func detach(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    pthread_detach(try start(name, nil, body))
  }

  private static func start(
    _ name: String, _ priority: Int32?, _ body: @escaping @Sendable () -> Void
  ) throws(SystemError) -> pthread_t {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, 512 << 10)
    if let priority {
      var parameters = sched_param(sched_priority: priority)
      unsafe pthread_attr_setinheritsched(&attributes, Int32(PTHREAD_EXPLICIT_SCHED))
      unsafe pthread_attr_setschedpolicy(&attributes, SCHED_FIFO)
      unsafe pthread_attr_setschedparam(&attributes, &parameters)
    }
    let box = unsafe Unmanaged.passRetained(Body(name, body))
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        _ = unsafe CLinux_set_thread_name(pthread_self(), body.name)
        body.run()
        return nil
      }, box.toOpaque())
    if code != 0 {
      unsafe box.release()
      throw SystemError(operation: "start", subject: "thread \(name)", code: code)
    }
    return thread
  }
}

private final class Body: Sendable {
  let name: String
  let run: @Sendable () -> Void

  init(_ name: String, _ run: @escaping @Sendable () -> Void) {
    self.name = String(name.prefix(15))
    self.run = run
  }
}
