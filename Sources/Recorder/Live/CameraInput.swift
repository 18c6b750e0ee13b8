import Capture
import LibAV
import LinuxIO
import Tape

/// A camera, and the microphone beside it.
struct CameraInput: LiveInput {
  let camera: LiveSource.Camera
  /// H.264 out of the camera may go on the air as it is: that is the house's codec, and nobody asked for a bitrate.
  let copiesH264: Bool

  /// A camera that delivers nothing for so long does not any more.
  private static let patience: Int64 = 2_000_000_000
  /// How long a wait for a picture lasts at the most: so soon a sink that was stopped is seen.
  private static let glance = 200

  /// A device that was plugged in is on the air within 2 s.
  func retryDelay(after failures: Int) -> Int { 500 }

  func run(into sink: LiveSink) throws(RecorderError) {
    do throws(CaptureError) {
      var device = try Camera(camera.device, wish)
      // The camera is there: what is heard beside it is a matter of its own.
      let sound = MicrophoneInput.start(camera.microphone, into: sink)
      defer { sound?.stop() }
      var reader = try reader(of: device.mode, bytesPerLine: device.bytesPerLine, isFullRange: device.isFullRange)
      var latest = RunningClock.now
      var isDamaged = false
      while !sink.isStopped {
        let captured = try device.next(timeoutMilliseconds: Self.glance) { picture, bytes throws(CaptureError) in
          do throws(LibAVError) {
            try reader.take(picture, bytes)
          } catch {
            throw CaptureError(.failed, "\(camera.device): \(error)")
          }
          return picture
        }
        if let captured {
          isDamaged = !reader.deliver(captured, to: sink)
          if !isDamaged { latest = RunningClock.now }
        }
        if RunningClock.now - latest > Self.patience {
          throw CaptureError(
            .failed, "\(camera.device) delivers \(isDamaged ? "only damaged" : "no") pictures")
        }
      }
    } catch {
      throw RecorderError(error)
    }
  }

  private var wish: CaptureWish {
    var size: PictureSize?
    if let width = camera.width, let height = camera.height { size = PictureSize(width, height) }
    return CaptureWish(
      size: size, rate: camera.rate.map(Double.init), pixelFormat: camera.pixelFormat.flatMap { PixelFormat($0) },
      wantsH264: copiesH264)
  }

  private func reader(
    of mode: CaptureMode, bytesPerLine: Int, isFullRange: Bool
  ) throws(CaptureError) -> CameraReader {
    do throws(LibAVError) {
      return try CameraReader(mode, bytesPerLine: bytesPerLine, isFullRange: isFullRange)
    } catch {
      throw CaptureError(.failed, "\(camera.device): \(error)")
    }
  }
}

extension RecorderError {
  /// Whatever ails a device: it is looked for again.
  init(_ error: CaptureError) {
    self.init(error.kind == .absent || error.kind == .forbidden ? .noInput : .inputOutput, error.description)
  }
}
