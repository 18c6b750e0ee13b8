import Tape

/// Sources that play as it happens: cameras, streams, test cards.
extension ConfigurationReader {
  /// { "device": "/dev/video0", "size": "1280x720", "rate": 25, "format": "YUYV", "microphone": "hw:1,0" }
  func camera(_ source: inout ObjectReader) -> LiveSource.Camera? {
    var keys = source.object("camera")
    guard case .object = source.value("camera") else { return nil }
    defer { keys.reportUnknownKeys() }
    let device = keys.string("device", "a camera", fits: Self.refusal(ofDevice:))
    if keys.value("device") == nil {
      keys.missing("device", "a camera's path such as \"/dev/video0\", or its name: stationd cameras lists them")
    }
    let size = size(&keys)
    let rate = keys.integer("rate", in: 1...120)
    let pixelFormat = keys.string("format", "a pixel format") { text in
      if ["MJPEG", "JPEG"].contains(text.uppercased()) { return "has another name in V4L2: write \"MJPG\"" }
      return text.utf8.count == 4 && text.utf8.allSatisfy { 0x20...0x7E ~= $0 }
        ? nil : "is not a pixel format of four characters such as \"YUYV\", \"NV12\", \"MJPG\" or \"H264\""
    }
    let microphone = keys.string("microphone", "a sound device", fits: Self.refusal(ofDevice:))
    guard let device else { return nil }
    return LiveSource.Camera(
      device: device, width: size?.width, height: size?.height, rate: rate, pixelFormat: pixelFormat,
      microphone: microphone)
  }

  /// "rtsp://camera.example/live", or { "url": "rtsp://camera.example/live" }.
  func feed(_ source: inout ObjectReader) -> LiveSource.Feed? {
    let what = "the address of a stream"
    guard case .object = source.value("stream") else {
      return source.string("stream", what, fits: Self.refusal(ofFeed:), shows: FeedURL.withoutSecrets).map(
        LiveSource.Feed.init(url:))
    }
    var keys = source.object("stream")
    defer { keys.reportUnknownKeys() }
    if keys.value("url") == nil { keys.missing("url", "\(what), such as \"rtsp://camera.example/live\"") }
    return keys.string("url", what, fits: Self.refusal(ofFeed:), shows: FeedURL.withoutSecrets).map(
      LiveSource.Feed.init(url:))
  }

  /// { "size": "1280x720", "rate": 25 }, both as it likes.
  func testCard(_ source: inout ObjectReader) -> LiveSource.TestCard? {
    var keys = source.object("testCard")
    guard case .object = source.value("testCard") else { return nil }
    defer { keys.reportUnknownKeys() }
    var card = LiveSource.TestCard()
    if let size = size(&keys) { (card.width, card.height) = size }
    if let rate = keys.integer("rate", in: 1...60) { card.rate = rate }
    return card
  }

  /// How many seconds of a live station's air are kept.
  func ring(_ keys: inout ObjectReader, of source: StationSource?) -> Int {
    let ring = keys.integer("ring", in: 2...120)
    if ring != nil, let source, !source.rotations.isEmpty {
      problems.add(keys.path(of: "ring"), "is for live stations: what plays files has them all; leave it out")
    }
    return ring ?? StationConfiguration.usualRing
  }

  /// What a live station's recorder cannot make is reported.
  func checkFormat(_ format: HouseFormat, of source: LiveSource, at path: String) {
    if case .stream = source { return }  // copied as it comes
    if let video = format.video {
      if video.codec != "h264" {
        problems.add("\(path).video.codec", "\"\(video.codec)\" cannot be made as it happens: write \"h264\"")
      }
    } else {
      problems.add(path, "has no \"video\", and a camera or test card has pictures: give it, or leave \"format\" out")
    }
    if format.audio.count != 1 {
      problems.add("\(path).audio", "has \(format.audio.count) sound tracks: a camera or test card has one")
    }
  }

  /// "1280x720": even numbers of pixels.
  private func size(_ keys: inout ObjectReader) -> (width: Int, height: Int)? {
    let text = keys.string("size", "a size in pixels") { text in
      guard let size = Self.size(text) else { return "is not a size in pixels such as \"1280x720\"" }
      guard 16...3840 ~= size.width, 16...2160 ~= size.height else {
        return "is not between 16x16 and 3840x2160, the largest that can be encoded as it happens"
      }
      return size.width % 2 == 0 && size.height % 2 == 0 ? nil : "is odd: pictures have even sides"
    }
    return text.flatMap(Self.size)
  }

  static func size(_ text: String) -> (width: Int, height: Int)? {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false)
    guard sides.count == 2, sides.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }),
      let width = Int(sides[0]), let height = Int(sides[1])
    else { return nil }
    return (width, height)
  }

  /// What names a device goes to the driver's library as it is.
  private static func refusal(ofDevice name: String) -> String? {
    if name.allSatisfy(\.isWhitespace) { return "is empty: name a device, or leave it out" }
    return name.unicodeScalars.contains { $0.properties.generalCategory == .control }
      ? "has control characters in it: leave them out" : nil
  }

  /// Why nothing can be received from this address; nil if it can.
  static func refusal(ofFeed url: String) -> String? {
    guard url.contains("://") else { return "is not the address of a stream such as \"rtsp://camera.example/live\"" }
    return FeedURL.fault(url)
  }
}
