import CV4L
import Glibc

/// An open Video4Linux2 device, and requests to it; owns its descriptor.
@safe struct CameraDevice: ~Copyable {
  let descriptor: Int32
  /// As its owner named it.
  let name: String

  /// What it is called, and what drives it.
  let card: String
  let driver: String

  /// The major number of all Video4Linux devices.
  private static let major: UInt32 = 81

  /// Opens a device that captures pictures into memory. Others may have it open too: what is exclusive is capturing.
  init(path: String, name: String) throws(CaptureError) {
    cv4l_hush()
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      throw CaptureError(device: name, operation: "open", code: errno, group: "video")
    }
    // Nothing else is asked: who knows what such a request means to it.
    guard status.st_mode & S_IFMT == S_IFCHR, cv4l_major(status.st_rdev) == Self.major else {
      throw CaptureError(.unfit, "\(name) is not a camera")
    }
    let opened = unsafe cv4l_open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard opened >= 0 else { throw CaptureError(device: name, operation: "open", code: errno, group: "video") }
    var capability = v4l2_capability()
    let answer = unsafe cv4l_ioctl(opened, CV4L_QUERYCAP, &capability)
    let own = capability.capabilities & CV4L_CAP_DEVICE_CAPS != 0 ? capability.device_caps : capability.capabilities
    let wanted = UInt32(V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING)
    guard answer >= 0, own & wanted == wanted else {
      v4l2_close(opened)
      throw CaptureError(.unfit, "\(name) is not a camera")
    }
    descriptor = opened
    self.name = name
    card = unsafe withUnsafeBytes(of: capability.card) { unsafe Self.text($0) }
    driver = unsafe withUnsafeBytes(of: capability.driver) { unsafe Self.text($0) }
  }

  deinit { v4l2_close(descriptor) }

  /// Makes a request with one of Video4Linux2's structures, again when a signal interrupts it; false when the device answers with an error, in `errno`.
  func answers<Argument>(_ request: UInt, _ argument: inout Argument) -> Bool {
    while true {
      let status = unsafe withUnsafeMutablePointer(to: &argument) { pointer in
        unsafe cv4l_ioctl(descriptor, request, UnsafeMutableRawPointer(pointer))
      }
      if status >= 0 { return true }
      guard errno == EINTR else { return false }
    }
  }

  /// As `answers`, but throws what the error means.
  func ask<Argument>(_ request: UInt, _ argument: inout Argument, to operation: String) throws(CaptureError) {
    guard answers(request, &argument) else {
      throw CaptureError(device: name, operation: operation, code: errno, group: "video")
    }
  }

  /// What it can capture: all of it, or of each format that can be read the sizes nearest to a wish. A camera answers
  /// thousands of questions about all, and is not to be kept off the air for that.
  func offers(for wish: CaptureWish?) -> [FormatOffer] {
    var found: [FormatOffer] = []
    var description = v4l2_fmtdesc()
    description.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    // A driver that answers for ever is not asked for ever: nobody has so many formats, sizes or rates.
    for index in UInt32(0)..<256 {
      description.index = index
      guard answers(CV4L_ENUM_FMT, &description) else { break }
      let pixelFormat = PixelFormat(code: description.pixelformat)
      if wish != nil && pixelFormat.preference == nil { continue }
      guard let sizes = sizes(of: pixelFormat) else { continue }
      var offer = FormatOffer(
        pixelFormat, name: unsafe withUnsafeBytes(of: description.description) { unsafe Self.text($0) },
        isEmulated: description.flags & UInt32(V4L2_FMT_FLAG_EMULATED) != 0, sizes: sizes)
      let asked = wish.map { sizes.nearest(to: $0.size ?? CaptureWish.usualSize) } ?? sizes.candidates(near: nil)
      for size in asked { offer.rates[size] = rates(of: pixelFormat, size) }
      found.append(offer)
    }
    return found
  }

  /// Nil when the driver names none.
  private func sizes(of pixelFormat: PixelFormat) -> SizeRange? {
    var each: [PictureSize] = []
    for index in UInt32(0)..<256 {
      var answer = v4l2_frmsizeenum()
      answer.index = index
      answer.pixel_format = pixelFormat.code
      guard answers(CV4L_ENUM_FRAMESIZES, &answer) else { break }
      guard answer.type == V4L2_FRMSIZE_TYPE_DISCRETE.rawValue else {
        let range = answer.stepwise
        return .from(
          PictureSize(Int(range.min_width), Int(range.min_height)),
          to: PictureSize(Int(range.max_width), Int(range.max_height)),
          stepWidth: max(1, Int(range.step_width)), stepHeight: max(1, Int(range.step_height)))
      }
      let size = PictureSize(Int(answer.discrete.width), Int(answer.discrete.height))
      if !each.contains(size) { each.append(size) }
    }
    return each.isEmpty ? nil : .each(each)
  }

  /// Nil when the driver names none.
  private func rates(of pixelFormat: PixelFormat, _ size: PictureSize) -> RateRange? {
    var each: [PictureRate] = []
    for index in UInt32(0)..<256 {
      var answer = v4l2_frmivalenum()
      answer.index = index
      answer.pixel_format = pixelFormat.code
      answer.width = UInt32(clamping: size.width)
      answer.height = UInt32(clamping: size.height)
      guard answers(CV4L_ENUM_FRAMEINTERVALS, &answer) else { break }
      guard answer.type == V4L2_FRMIVAL_TYPE_DISCRETE.rawValue else {
        // The longest interval is the lowest rate.
        let range = answer.stepwise
        return .from(
          PictureRate(range.max.denominator, per: range.max.numerator),
          to: PictureRate(range.min.denominator, per: range.min.numerator))
      }
      let rate = PictureRate(answer.discrete.denominator, per: answer.discrete.numerator)
      if !each.contains(rate) { each.append(rate) }
    }
    return each.isEmpty ? nil : .each(each)
  }

  /// Whether the distance of H.264 key frames can be set.
  var hasKeyFrameControl: Bool {
    cv4l_has_control(descriptor, CV4L_CID_GOP_SIZE) != 0 || cv4l_has_control(descriptor, CV4L_CID_I_PERIOD) != 0
  }

  /// Asks for H.264 key frames at least that often, each with its parameter sets before it, where the device can.
  func setKeyFrames(every pictures: Int) {
    let distance = Int32(clamping: pictures)
    _ = cv4l_set_codec_control(descriptor, CV4L_CID_GOP_SIZE, distance)
    _ = cv4l_set_codec_control(descriptor, CV4L_CID_I_PERIOD, distance)
    _ = cv4l_set_codec_control(descriptor, CV4L_CID_REPEAT_HEADERS, 1)
  }

  /// A driver's text: up to the first zero, and nothing that moves a terminal's cursor.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    let text = unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}
