import FoundationEssentials
import Glibc
import LinuxIO

/// Stations on the air, whoever sends them.
protocol Air {
  /// All processes that it takes.
  var processes: [Int32] { get }
  /// What went wrong, if something did: a sentence.
  var fault: String? { get }
  /// What its sender says of itself.
  func counts() -> SenderCounts?
  /// Off the air.
  func end()
}

/// What a sender has done since it began; what it does not count is nil.
struct SenderCounts: Codable {
  var datagrams: Int
  /// System calls that sent, and messages handed over by them.
  var calls: Int?
  var trains: Int?
  /// Datagrams left out, and those that the network refused.
  var unsent: Int?
  /// When that was so: steady nanoseconds.
  var date: Int64
}

/// A process for each station.
final class Fleet: Air {
  private let children: [ChildProcess]
  private let log: String

  /// Starts them. Their output goes to a file.
  init(_ sender: Sender, count: Int, clips: Clips, log: String) throws {
    let output = try Descriptor(opening: log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)
    self.log = log
    children = try (0..<count).compactMap { station in
      guard let command = sender.command(station: station, clips: clips) else { return nil }
      return try ChildProcess(Tool.bound(command), output: output.number)
    }
  }

  var processes: [Int32] { children.map(\.pid) }

  var fault: String? {
    let ended = children.count { $0.poll() != nil }
    return ended == 0 ? nil : "\(ended) of \(children.count) ended early: see \(log)"
  }

  func counts() -> SenderCounts? { nil }

  func end() {
    for child in children { child.signal(SIGTERM) }
    let end = SteadyClock.now + 1_000_000_000
    while children.contains(where: { $0.poll() == nil }), SteadyClock.now < end {
      ProcessLimits.sleep(milliseconds: 10)
    }
    for child in children { child.signal(SIGKILL) }
  }
}
