import Capture
import LibAV
import LinuxIO
import Synchronization

/// The microphone beside a camera, on a thread of its own: what fails here costs the station its sound only, and is
/// tried again.
final class MicrophoneInput: Sendable {
  private let name: String
  private let sink: LiveSink
  private let stopped = Atomic<Bool>(false)

  private static let retryMilliseconds: UInt32 = 500

  /// Nil where there is no microphone to be heard.
  static func start(_ name: String?, into sink: LiveSink) -> MicrophoneInput? {
    guard let name else { return nil }
    let input = MicrophoneInput(name, sink)
    do {
      try RealTimeThread.detach(name: "microphone") { input.run() }
    } catch {
      DescriptorIO.log("stationd-recorder: \(name): \(error): silence")
    }
    return input
  }

  private init(_ name: String, _ sink: LiveSink) {
    self.name = name
    self.sink = sink
  }

  /// Ends it, within a fraction of a second.
  func stop() { stopped.store(true, ordering: .releasing) }

  private var isStopped: Bool { stopped.load(ordering: .acquiring) || sink.isStopped }

  private func run() {
    var told: String?
    while !isStopped {
      do {
        try listen { told = nil }
      } catch {
        let reason = "\(error)"
        // Once for each reason, not twice a second.
        if reason != told { DescriptorIO.log("stationd-recorder: silence: \(reason)") }
        told = reason
      }
      if !isStopped { ProcessLimits.sleep(milliseconds: Self.retryMilliseconds) }
    }
  }

  /// Delivers sound until stopped or the device fails. `heard` is called when it delivers.
  private func listen(_ heard: () -> Void) throws(CaptureError) {
    var microphone = try Microphone(name)
    let (channels, rate) = (microphone.channels, microphone.sampleRate)
    var frame: Frame
    do throws(LibAVError) { frame = try Frame() } catch { throw CaptureError(.failed, "\(name): \(error)") }
    var quiet = 0
    while !isStopped {
      let block = try microphone.next(timeoutMilliseconds: 200) { block, samples throws(CaptureError) in
        do throws(LibAVError) {
          try frame.copy(sound: samples, channels: channels, sampleRate: rate)
        } catch {
          throw CaptureError(.failed, "\(name): \(error)")
        }
        return block
      }
      guard let block else {
        quiet += 1
        if quiet >= 10 { throw CaptureError(.failed, "\(name) delivers no sound") }
        continue
      }
      heard()
      quiet = 0
      sink.sound(frame, at: block.captured)
    }
  }
}
