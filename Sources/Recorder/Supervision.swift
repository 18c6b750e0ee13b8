import LinuxIO
import Synchronization

/// What keeps a recorder from doing harm: it yields, it ends with its parent, and it does not hang.
enum Supervision {
  /// Address space enough for an 8K picture's codecs, and not for much else. Bytes.
  private static let addressSpace: UInt64 = 4 << 30
  /// A recorder that has not got on for so long will not any more.
  private static let patience = 60

  /// Takes the last place in every queue, and ends when standard input does.
  static func obey() {
    ProcessLimits.yieldToOthers()
    ProcessLimits.set(addressSpace: addressSpace)
    thread("parent") {
      ProcessLimits.waitForEndOfInput()
      ProcessLimits.exitNow(RecorderError.Status.internal.rawValue)
    }
  }

  /// Ends the process when nothing has moved for a minute: some files send a decoder in circles.
  static func watch(_ progress: Progress, input: String) {
    thread("watchdog") {
      var (last, quiet) = (progress.steps.load(ordering: .relaxed), 0)
      while quiet < patience {
        ProcessLimits.sleep(milliseconds: 1_000)
        if progress.isWriting.load(ordering: .relaxed) { return }
        let steps = progress.steps.load(ordering: .relaxed)
        (last, quiet) = (steps, steps == last ? quiet + 1 : 0)
      }
      progress.end()
      let error = stalled(input)
      DescriptorIO.log("stationd-recorder: \(error)")
      ProcessLimits.exitNow(error.status.rawValue)
    }
  }

  /// What a recorder says that does not get on.
  static func stalled(_ input: String) -> RecorderError {
    RecorderError(.inputOutput, "\(input): no progress for \(patience) s; its disk may hang, or the file be damaged")
  }

  private static func thread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    _ = try? RealTimeThread(name: name, priority: nil, body)
  }
}
