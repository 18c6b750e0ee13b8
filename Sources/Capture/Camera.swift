import CV4L
import Glibc
import LinuxIO

/// A camera that captures: opened, set to a mode, its pictures in memory that it shares with the driver.
@safe package struct Camera: ~Copyable {
  private let device: CameraDevice
  private var buffers: [UnsafeMutableRawBufferPointer] = unsafe []
  private var lastSequence: UInt32?
  private var tellsTime = true

  /// What it captures, as the driver granted it.
  package let mode: CaptureMode
  /// From one line of a picture to the next; of planar layouts, in the first plane. 0 of coded pictures.
  package let bytesPerLine: Int
  /// Y from 0 to 255, as JPEG has it, rather than from 16 to 235.
  package let isFullRange: Bool
  /// What the device is called.
  package var card: String { device.card }
  /// Pictures that the driver counted but never delivered.
  package private(set) var drops = 0
  /// Pictures that the driver itself said were damaged; they are left out.
  package private(set) var damaged = 0

  /// A picture, for the length of a call.
  package struct Picture {
    /// When it was captured, by the driver's own clock: steady nanoseconds (CLOCK_BOOTTIME). Where the driver does not
    /// say, when it was fetched.
    package let captured: Int64
    /// When it was fetched from the driver, steady nanoseconds.
    package let fetched: Int64
    /// The driver's count of pictures: those that it had to drop are missing.
    package let sequence: UInt32
    /// Of coded pictures: decoding can begin here, as the driver says.
    package let isKey: Bool
    /// Whether `captured` is the driver's.
    package let hasDriverTime: Bool
  }

  /// Pictures in the driver's hands: fewer, and one is lost whenever the reader is late by one; more only cost memory.
  private static let depth: UInt32 = 4

  /// Opens a camera and begins to capture.
  ///
  /// - Parameter name: a device's path, the name of a link below /dev/v4l/by-id, or a card's name.
  /// - Throws: that it is not there, busy, forbidden, or not fit for what is asked.
  package init(_ name: String, _ wish: CaptureWish) throws(CaptureError) {
    let device = try CameraDevice(path: try CameraList.path(of: name), name: name)
    let offers = device.offers(for: wish)
    var wish = wish
    // A receiver tunes in at a key frame: a camera that cannot be told to send them is not chosen unasked.
    if wish.pixelFormat == nil && !device.hasKeyFrameControl { wish.wantsH264 = false }
    guard let chosen = CaptureMode.choose(wish, from: offers) else {
      let offered = offers.map { "\($0.pixelFormat)" }.joined(separator: ", ")
      throw CaptureError(
        .unfit,
        "\(name) offers no \(wish.pixelFormat.map { "\($0)" } ?? "pixel format that can be read")"
          + (offered.isEmpty ? "" : ", but \(offered)"))
    }
    let granted = try Self.set(device, to: chosen)
    if chosen.pixelFormat == .h264 { device.setKeyFrames(every: Int((granted.mode.rate?.value ?? 30).rounded(.up))) }
    unsafe buffers = try Self.share(device)
    (mode, bytesPerLine, isFullRange) = granted
    self.device = device
  }

  deinit {
    var type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    _ = device.answers(CV4L_STREAMOFF, &type)
    unsafe Self.unmap(buffers)
  }

  private static func set(
    _ device: borrowing CameraDevice, to chosen: CaptureMode
  ) throws(CaptureError) -> (mode: CaptureMode, bytesPerLine: Int, isFullRange: Bool) {
    var format = unsafe v4l2_format()
    unsafe format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    unsafe format.fmt.pix.width = UInt32(clamping: chosen.size.width)
    unsafe format.fmt.pix.height = UInt32(clamping: chosen.size.height)
    unsafe format.fmt.pix.pixelformat = chosen.pixelFormat.code
    unsafe format.fmt.pix.field = V4L2_FIELD_NONE.rawValue
    unsafe try device.ask(CV4L_S_FMT, &format, to: "take \(chosen)")
    let granted = unsafe format.fmt.pix
    guard granted.pixelformat == chosen.pixelFormat.code, granted.width > 0, granted.height > 0 else {
      throw CaptureError(.unfit, "\(device.name) offers \(chosen), but does not grant it")
    }
    var mode = CaptureMode(chosen.pixelFormat, PictureSize(Int(granted.width), Int(granted.height)), chosen.rate)
    if let rate = chosen.rate {
      var parameters = v4l2_streamparm()
      parameters.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
      unsafe parameters.parm.capture.timeperframe.numerator = rate.seconds
      unsafe parameters.parm.capture.timeperframe.denominator = rate.pictures
      // Who does not take a rate captures at its own: the pictures' dates tell.
      if device.answers(CV4L_S_PARM, &parameters) {
        let period = unsafe parameters.parm.capture.timeperframe
        if period.numerator > 0, period.denominator > 0 {
          mode.rate = PictureRate(period.denominator, per: period.numerator)
        }
      }
    }
    let isFullRange =
      granted.quantization == V4L2_QUANTIZATION_FULL_RANGE.rawValue
      || granted.colorspace == V4L2_COLORSPACE_JPEG.rawValue && granted.quantization == 0
    return (mode, Int(granted.bytesperline), isFullRange)
  }

  /// Has the driver make buffers, maps them, hands them over, and begins.
  private static func share(
    _ device: borrowing CameraDevice
  ) throws(CaptureError) -> [UnsafeMutableRawBufferPointer] {
    var request = v4l2_requestbuffers()
    request.count = depth
    request.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    request.memory = V4L2_MEMORY_MMAP.rawValue
    try device.ask(CV4L_REQBUFS, &request, to: "share its memory")
    var mapped: [UnsafeMutableRawBufferPointer] = unsafe []
    do throws(CaptureError) {
      for index in 0..<request.count {
        var buffer = unsafe buffer(index)
        unsafe try device.ask(CV4L_QUERYBUF, &buffer, to: "share its memory")
        let length = unsafe Int(buffer.length)
        let address = unsafe v4l2_mmap(
          nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, device.descriptor, Int64(buffer.m.offset))
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
          throw CaptureError(device: device.name, operation: "share its memory", code: errno, group: "video")
        }
        unsafe mapped.append(UnsafeMutableRawBufferPointer(start: address, count: length))
        unsafe try device.ask(CV4L_QBUF, &buffer, to: "take memory")
      }
      guard unsafe !mapped.isEmpty else { throw CaptureError(.failed, "\(device.name) has no memory for pictures") }
      var type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
      try device.ask(CV4L_STREAMON, &type, to: "begin to capture")
    } catch {
      unsafe unmap(mapped)
      throw error
    }
    return unsafe mapped
  }

  private static func unmap(_ buffers: [UnsafeMutableRawBufferPointer]) {
    for index in unsafe buffers.indices { unsafe v4l2_munmap(buffers[index].baseAddress, buffers[index].count) }
  }

  private static func buffer(_ index: UInt32) -> v4l2_buffer {
    var buffer = unsafe v4l2_buffer()
    unsafe buffer.index = index
    unsafe buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE.rawValue
    unsafe buffer.memory = V4L2_MEMORY_MMAP.rawValue
    return unsafe buffer
  }

  /// Waits for the next picture and hands it to `body`; its memory is the driver's again afterwards.
  ///
  /// - Returns: nil when none came in time.
  /// - Throws: that the device is gone or failed; and whatever `body` throws.
  package mutating func next<Result>(
    timeoutMilliseconds: Int, _ body: (Picture, Span<UInt8>) throws(CaptureError) -> Result
  ) throws(CaptureError) -> Result? {
    let end = SteadyClock.now + Int64(timeoutMilliseconds) * 1_000_000
    while true {
      let left = Int(max(0, (end - SteadyClock.now + 999_999) / 1_000_000))
      guard try isReady(timeoutMilliseconds: left) else { return nil }
      var buffer = unsafe Self.buffer(0)
      guard unsafe device.answers(CV4L_DQBUF, &buffer) else {
        if errno == EAGAIN && left > 0 { continue }
        if errno == EAGAIN { return nil }
        throw CaptureError(device: device.name, operation: "deliver a picture", code: errno, group: "video")
      }
      let fetched = SteadyClock.now
      let index = unsafe Int(buffer.index)
      guard unsafe buffers.indices.contains(index) else {
        throw CaptureError(.failed, "\(device.name) delivers what it was not asked for")
      }
      let picture = unsafe describe(buffer, fetched: fetched)
      let length = unsafe min(Int(buffer.bytesused), buffers[index].count)
      var result: Result?
      if unsafe buffer.flags & UInt32(V4L2_BUF_FLAG_ERROR) == 0 && length > 0 {
        let bytes = unsafe UnsafeRawBufferPointer(buffers[index]).prefix(length)
        let memory = unsafe UnsafeRawBufferPointer(rebasing: bytes).bindMemory(to: UInt8.self)
        result = unsafe try body(picture, memory.span)
      } else {
        damaged += 1
      }
      unsafe try device.ask(CV4L_QBUF, &buffer, to: "take memory")
      if let result { return result }
    }
  }

  private mutating func describe(_ buffer: v4l2_buffer, fetched: Int64) -> Picture {
    let flags = unsafe buffer.flags
    let sequence = unsafe buffer.sequence
    if let lastSequence {
      let missing = sequence &- lastSequence &- 1
      // A driver that does not count, or began anew, has not dropped four thousand million.
      if missing < 1 << 16 { drops += Int(missing) }
    }
    lastSequence = sequence
    let isMonotonic = flags & UInt32(V4L2_BUF_FLAG_TIMESTAMP_MASK) == UInt32(V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC)
    // Any number may stand there; a century since the machine was started is none of this clock.
    let (seconds, micros) = unsafe (Int64(buffer.timestamp.tv_sec), Int64(buffer.timestamp.tv_usec))
    let hasDriverTime =
      isMonotonic && 0..<3_200_000_000 ~= seconds && 0..<1_000_000 ~= micros && (seconds, micros) != (0, 0)
    let stamp = hasDriverTime ? seconds * 1_000_000_000 + micros * 1_000 : 0
    return Picture(
      // A date to come is a driver's mistake.
      captured: hasDriverTime ? min(MonotonicTime.steady(stamp), fetched) : fetched, fetched: fetched,
      sequence: sequence, isKey: flags & UInt32(V4L2_BUF_FLAG_KEYFRAME) != 0, hasDriverTime: hasDriverTime)
  }

  /// Whether there is a picture to fetch. A device that is gone says so at once.
  private func isReady(timeoutMilliseconds: Int) throws(CaptureError) -> Bool {
    var entry = pollfd(fd: device.descriptor, events: Int16(POLLIN), revents: 0)
    let ready = unsafe poll(&entry, 1, Int32(clamping: timeoutMilliseconds))
    if ready < 0 && errno != EINTR {
      throw CaptureError(device: device.name, operation: "deliver a picture", code: errno, group: "video")
    }
    let revents = Int32(entry.revents)
    if ready > 0 && revents & Int32(POLLIN) == 0 && revents & Int32(POLLERR | POLLHUP | POLLNVAL) != 0 {
      throw CaptureError(.absent, "\(device.name) is not there any more")
    }
    return ready > 0
  }
}

/// The clock that drivers date by.
enum MonotonicTime {
  /// A date of CLOCK_MONOTONIC as one of the steady clock, which goes on while the machine sleeps.
  static func steady(_ date: Int64) -> Int64 {
    var monotonic = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &monotonic)
    let now = SteadyClock.now
    return date + now - (Int64(monotonic.tv_sec) * 1_000_000_000 + Int64(monotonic.tv_nsec))
  }
}
