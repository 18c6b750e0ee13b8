import Capture
import LibAV
import LinuxIO

/// What a camera puts into its memory, made into what the desk takes: a picture is copied out at once, so that the
/// driver has its memory back, and decoded afterwards.
struct CameraReader: ~Copyable {
  private let mode: CaptureMode
  private let bytesPerLine: Int
  private let isFullRange: Bool
  private var frame: Frame
  private var packet: Packet
  /// Of cameras that send JPEG images.
  private var decoder: Decoder?
  /// Of those that send H.264: the access unit, and the parameter sets that came last.
  private var unit: [UInt8] = []
  private var sets = ParameterSets()
  private var isFilled = false
  /// Pictures that were not complete, or damaged.
  private(set) var skipped = 0

  init(_ mode: CaptureMode, bytesPerLine: Int, isFullRange: Bool) throws(LibAVError) {
    let frame = try Frame()
    let packet = try Packet()
    var decoder: Decoder?
    if mode.pixelFormat.isJPEG {
      let parameters = try CodecParameters(picturesBy: "mjpeg", width: mode.size.width, height: mode.size.height)
      decoder = try Decoder(parameters, timeBase: .ninetyKilohertz)
    }
    self.mode = mode
    self.bytesPerLine = bytesPerLine
    self.isFullRange = isFullRange
    self.frame = frame
    self.packet = packet
    self.decoder = decoder
  }

  /// Copies what lies in the driver's memory.
  mutating func take(_ picture: Camera.Picture, _ bytes: Span<UInt8>) throws(LibAVError) {
    if mode.pixelFormat == .h264 {
      unit.removeAll(keepingCapacity: true)
      unit.reserveCapacity(bytes.count)
      for index in bytes.indices { unit.append(bytes[index]) }
      isFilled = true
    } else if let layout = mode.pixelFormat.layout {
      isFilled = try frame.copy(
        picture: bytes, layout: layout, width: mode.size.width, height: mode.size.height, bytesPerLine: bytesPerLine,
        isFullRange: isFullRange)
    } else {
      try packet.fill(bytes, streamIndex: 0, pts: 0, dts: 0, isKey: true)
      isFilled = true
    }
  }

  /// Hands over what was taken last.
  ///
  /// - Returns: false for a damaged picture. Parameter sets come with key pictures, and a camera's first may be a while in
  ///   coming: a coded picture that waits for them is not damaged.
  mutating func deliver(_ picture: Camera.Picture, to sink: LiveSink) -> Bool {
    guard isFilled else {
      skipped += 1
      return false
    }
    isFilled = false
    if mode.pixelFormat == .h264 {
      let date = Int64((Double(picture.captured) * 9 / 100_000).rounded())
      guard let isKey = sets.complete(&unit) else { return true }
      sink.unit(LiveUnit(stream: .video, bytes: unit, pts: date, dts: date, isKey: isKey, arrival: picture.fetched))
    } else {
      guard decoder == nil || decode() else { return false }
      sink.picture(frame, at: picture.captured)
    }
    sink.note(
      LiveTimings(capture: picture.fetched - picture.captured, convert: SteadyClock.now - picture.fetched))
    return true
  }

  /// A JPEG image into the frame; false when it is beyond use, as an image cut short on its way is.
  private mutating func decode() -> Bool {
    do throws(LibAVError) {
      try decoder?.send(packet)
      if try decoder?.receive(into: &frame) ?? false { return true }
    } catch {}
    skipped += 1
    return false
  }
}
