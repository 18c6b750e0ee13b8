import FoundationEssentials
import LinuxIO
import Logging

/// Writes log lines for people to standard error: the time, the level where it is more than news, the message.
///
///     2026-11-22T14:03:07Z station 1 "Harbour One" is on the air with 2 programmes
///     2026-11-22T14:03:09Z warning: the transmitter was ended by signal 9: another one takes over
struct PlainLog: LogHandler {
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  /// Off where the log is kept by a journal, which knows the time itself.
  let showsTime: Bool

  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    showsTime = environment["JOURNAL_STREAM"] == nil
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let time = showsTime ? Date().formatted(.iso8601) + " " : ""
    let level = event.level > .info ? "\(event.level): " : ""
    let values = metadata.merging(event.metadata ?? [:]) { _, new in new }
    let details = values.sorted { $0.key < $1.key }.map { ", \($0.key) \($0.value)" }.joined()
    DescriptorIO.log("\(time)\(level)\(event.message)\(details)".replacing("\n", with: " "))
  }
}
