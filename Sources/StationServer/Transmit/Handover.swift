import FoundationEssentials
import LinuxIO
import TransportStream

/// How a new transmitter takes over from one still on the air: both agree on a date; what is dated before it the elder
/// sends, what is dated at it or later the heir. As each datagram's date is a function of its number, every one is sent
/// exactly once, however late either of them is.
struct Handover: Sendable {
  /// How far ahead the agreed date lies: time for the answer, and for the heir's first datagrams to be made ready.
  static let notice = Ticks.milliseconds(200)

  /// A transmitter's socket in the run directory.
  static func socketPath(directory: String, pid: Int32) -> String { "\(directory)/transmitter-\(pid).sock" }

  /// What an heir begins with.
  struct Inheritance: Sendable {
    /// The elder's offset between UTC and steady time, nanoseconds; nil when there is no elder.
    var clockOffset: Int64?
    /// Where live elders listen.
    var elders: [String] = []
  }

  let directory: String
  /// The heir's own socket.
  let path: String
  /// Asks a question over a Unix socket, with a limit in milliseconds.
  var ask: @Sendable (_ path: String, _ request: TransmitRequest, _ timeout: Int) throws -> TransmitReply = exchange

  /// Looks for elders; removes sockets whose processes have died.
  func findElders() -> Inheritance {
    var found = Inheritance()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
      let other = "\(directory)/\(name)"
      guard name.hasPrefix("transmitter-"), name.hasSuffix(".sock"), other != path else { continue }
      guard UnixServer.isAlive(other) else {
        try? FileManager.default.removeItem(atPath: other)
        continue
      }
      found.elders.append(other)
      if found.clockOffset == nil {
        found.clockOffset = (try? ask(other, TransmitRequest(figures: .init()), 1000))?.figures?.clockOffset
      }
    }
    return found
  }

  /// Asks the elders to leave at a date a moment after `now`.
  ///
  /// - Returns: the date from which on the heir has the air; nil when nobody else has it.
  func takeOver(from elders: [String], now: () -> Ticks) -> Ticks? {
    guard !elders.isEmpty else { return nil }
    let date = now() + Self.notice
    var hasAgreed = false
    for elder in elders {
      do {
        // Half the notice: an elder that cannot answer by then may not leave in time either.
        let reply = try ask(elder, TransmitRequest(leave: .init(at: date)), 100)
        if reply.left != nil { hasAgreed = true }
        if let error = reply.error { Transmit.log("\(elder) does not leave: \(error)") }
      } catch {
        Transmit.log("\(elder) does not answer: \(error)")
        // Dead or not is what counts: a live one may have heard and be leaving.
        if UnixServer.isAlive(elder) { hasAgreed = true }
      }
    }
    return hasAgreed ? date : nil
  }

  private static func exchange(_ path: String, _ request: TransmitRequest, _ timeout: Int) throws -> TransmitReply {
    let line = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    let answer = try UnixSocket.ask(path: path, line: line, timeoutMilliseconds: timeout)
    return try JSONDecoder().decode(TransmitReply.self, from: Data(answer.utf8))
  }
}
