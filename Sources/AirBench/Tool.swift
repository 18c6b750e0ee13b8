import FoundationEssentials
import Glibc
import LinuxIO

/// A program that did not do what it was started for.
struct ToolError: Error, CustomStringConvertible {
  let description: String
}

/// Programs that do something and end.
enum Tool {
  /// A program that ends with the bench: the kernel sends it `signal` when the bench is gone, however it went.
  static func bound(_ arguments: [String], signal: String = "KILL") -> [String] {
    ["setpriv", "--pdeathsig", signal, "--"] + arguments
  }

  /// Runs a program to its end and returns what it printed.
  ///
  /// - Parameter seconds: it is killed after so long.
  /// - Throws: `ToolError` with its last lines when it fails, `Stopped`.
  @discardableResult
  static func run(_ arguments: [String], seconds: Double = 10, _ stop: Stop) throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "airbench-\(ThisProcess.pid).output").path
    let output = try Descriptor(opening: path, O_RDWR | O_CREAT | O_TRUNC)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let child = try ChildProcess(bound(arguments), output: output.number)
    let end = SteadyClock.now + Int64(seconds * 1e9)
    var pause = 0.001
    while true {
      let ending = child.poll()
      guard ending == nil else {
        let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        if ending == .exited(status: 0) { return text }
        let last = text.split(separator: "\n").suffix(3).joined(separator: " / ")
        throw ToolError(description: "\(arguments.joined(separator: " ")) failed: \(last)")
      }
      guard SteadyClock.now < end else {
        throw ToolError(description: "\(arguments.joined(separator: " ")) took more than \(seconds) s")
      }
      try stop.sleep(seconds: pause)
      pause = min(pause * 2, 0.05)
    }
  }
}
