import FoundationEssentials
import LinuxIO
import Synchronization
import Tape

/// How far the recording is: reported to a terminal or to a program, and watched so that it never hangs unseen.
final class Progress: Sendable {
  enum Style: String, Sendable { case json, terminal, none }

  /// The second pass is quick next to the first.
  private static let muxShare = 0.1
  private static let period = 250_000_000 as Int64

  private let style: Style
  private let start = SteadyClock.now
  private let state = Mutex(State())
  /// Counts up with every step; a watchdog sees whether it still does.
  let steps = Atomic<UInt64>(0)

  /// All that is left is to put the tape on the disk, which takes as long as it takes.
  let isWriting = Atomic<Bool>(false)

  private struct State {
    var reported: Int64 = 0
    /// Seconds of the source that have been read.
    var position = 0.0
    var length: Double?
    var hasLine = false
  }

  init(_ style: Style) { self.style = style }

  /// The source has been looked at, and its tape will have this format: whoever prepares something to show meanwhile can
  /// have it in the same.
  func found(_ format: HouseFormat) {
    guard style == .json, let line = Progress.json(format) else { return }
    write(line + "\n")
  }

  /// The first pass has come to `position` of `length` seconds.
  func read(_ position: Double, of length: Double?) {
    steps.wrappingAdd(1, ordering: .relaxed)
    let share = length.map { $0 > 0 ? min(1, position / $0) : 0 } ?? 0
    report(share * (1 - Progress.muxShare), position: position, length: length)
  }

  /// The second pass has come to `share`, 0...1.
  func muxed(_ share: Double) {
    steps.wrappingAdd(1, ordering: .relaxed)
    report(1 - Progress.muxShare + share * Progress.muxShare, position: nil, length: nil)
  }

  /// The tape is complete, but for the disk.
  func complete() { isWriting.store(true, ordering: .relaxed) }

  /// Everything from the beginning.
  func restart() { steps.wrappingAdd(1, ordering: .relaxed) }

  private func report(_ share: Double, position: Double?, length: Double?) {
    guard style != .none else { return }
    let now = SteadyClock.now
    let line: String? = state.withLock { state in
      if let position { state.position = position }
      guard now - state.reported >= Progress.period else { return nil }
      state.reported = now
      let elapsed = Double(now - start) / 1e9
      let percent = Int(share * 100)
      let speed = elapsed > 0 ? state.position / elapsed : 0
      let left = share > 0.001 ? elapsed / share * (1 - share) : nil
      state.hasLine = true
      return style == .json
        ? Progress.json(percent, speed, left) : "\r" + Progress.text(percent, speed, left) + "\u{1B}[K"
    }
    if let line { write(line + (style == .json ? "\n" : "")) }
  }

  /// Wipes the terminal's line.
  func end() {
    if style == .terminal, state.withLock({ $0.hasLine }) { write("\r\u{1B}[K") }
  }

  /// `{"progress": {"percent": 43, "speed": 12.5, "secondsLeft": 8}}`
  static func json(_ percent: Int, _ speed: Double, _ left: Double?) -> String {
    let rest = left.map { ", \"secondsLeft\": \(Int($0.rounded(.up)))" } ?? ""
    return "{\"progress\": {\"percent\": \(percent), \"speed\": \(tenths(speed))\(rest)}}"
  }

  /// `{"format": {"audio": [{"channels": 2, "codec": "aac", "sampleRate": 48000}], "video": {"codec": "h264"}}}`
  static func json(_ format: HouseFormat) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(["format": format])).map { String(decoding: $0, as: UTF8.self) }
  }

  /// `43 %  12.5×  0:08 left`
  static func text(_ percent: Int, _ speed: Double, _ left: Double?) -> String {
    guard let left else { return "\(percent) %" }
    let seconds = Int(left.rounded(.up))
    let padded = seconds % 60 < 10 ? "0\(seconds % 60)" : "\(seconds % 60)"
    return "\(percent) %  \(tenths(speed))×  \(seconds / 60):\(padded) left"
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((min(max(value, 0), 1e6) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// To standard output.
  func write(_ line: String) {
    let bytes = Array(line.utf8)
    try? DescriptorIO.writeAll(bytes.span, to: 1)
  }
}
