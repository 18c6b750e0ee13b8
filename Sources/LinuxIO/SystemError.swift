import Glibc

/// A system call that failed: what was tried, on what, and the kernel's reason.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried, as a verb: "open", "bind".
  package var operation: String
  /// What it was tried on: a path, an address, an interface.
  package var subject: String
  /// The kernel's reason, an errno value.
  package var code: Int32

  package init(operation: String, subject: String, code: Int32) {
    self.operation = operation
    self.subject = subject
    self.code = code
  }

  /// The kernel's reason in words.
  package var reason: String { unsafe String(cString: strerror(code)) }

  /// One line for people: "cannot open /x: No such file or directory".
  package var description: String { "cannot \(operation) \(subject): \(reason)" }
}

/// Makes a system call, again when a signal interrupts it, and turns a negative result into an error.
///
/// - Parameters:
///   - operation: what the call is meant to do, as a verb.
///   - subject: what it does it on; only asked for when the call fails.
///   - call: the call; its result is negative when `errno` tells why.
/// - Returns: the call's result, zero or more.
@discardableResult
package func systemCall<Result: SignedInteger>(
  _ operation: StaticString, _ subject: @autoclosure () -> String, _ call: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    let code = errno
    if code != EINTR { throw SystemError(operation: operation.description, subject: subject(), code: code) }
  }
}
