import Testing

@testable import Capture

@Suite struct PixelFormatTests {
  /// The bytes of V4L2_PIX_FMT_YUYV, "in the order of increasing significance" as V4L2's documentation has them.
  @Test func fourCharactersAreBytesFromTheLowest() {
    #expect(PixelFormat("YUYV")?.code == 0x5659_5559)
    #expect(PixelFormat(code: 0x3231_564E).description == "NV12")
    #expect(PixelFormat("Y8")?.code == 0x2020_3859)
    #expect(PixelFormat(code: 0x2020_3859).description == "Y8")
    #expect(PixelFormat(code: 0xB631_3152).description == "R116-BE")
    #expect(PixelFormat("") == nil)
    #expect(PixelFormat("YUYV2") == nil)
    #expect(PixelFormat("NÄ") == nil)
  }

  @Test func whatCannotBeReadHasNoPreference() throws {
    #expect(try #require(PixelFormat("GRBG")).preference == nil)
    #expect(try #require(PixelFormat("NV12")).preference == 0)
    #expect(PixelFormat.jpeg.preference == PixelFormat.motionJPEG.preference)
    #expect(PixelFormat.h264.layout == nil)
  }
}

@Suite struct RateTests {
  @Test func ratesReadAsPeopleWriteThem() {
    #expect(PictureRate(30).description == "30")
    #expect(PictureRate(30_000, per: 1_001).description == "29.97")
    #expect(PictureRate(15, per: 2).description == "7.5")
    #expect(PictureRate(2_501, per: 50).description == "50.02")
    #expect(PictureRate(30, per: 0).value == 0)
  }

  @Test func theNearestRateIsNearestInProportion() {
    let rates = RateRange.each([PictureRate(5), PictureRate(10), PictureRate(20), PictureRate(30), PictureRate(0)])
    #expect(rates.nearest(to: 25) == PictureRate(30))
    #expect(rates.nearest(to: 24) == PictureRate(20))
    #expect(rates.nearest(to: 7) == PictureRate(5))
    #expect(rates.nearest(to: 1_000) == PictureRate(30))
    #expect(RateRange.each([]).nearest(to: 25) == nil)
  }

  @Test func withoutAWishItIsTheHighestUpToThirty() {
    let rates = RateRange.each([PictureRate(60), PictureRate(15), PictureRate(30_000, per: 1_001), PictureRate(50)])
    #expect(rates.highest(upTo: 30) == PictureRate(30_000, per: 1_001))
    #expect(RateRange.each([PictureRate(60), PictureRate(50)]).highest(upTo: 30) == PictureRate(50))
    #expect(RateRange.each([PictureRate(300_000, per: 9_999)]).highest(upTo: 30) == PictureRate(300_000, per: 9_999))
  }

  @Test func aRangeGivesWhatIsWishedWithinIt() {
    let range = RateRange.from(PictureRate(1), to: PictureRate(60))
    #expect(range.nearest(to: 23.976)?.value == 23.976)
    #expect(range.nearest(to: 0.5) == PictureRate(1))
    #expect(range.nearest(to: 90) == PictureRate(60))
    #expect(range.highest(upTo: 30)?.value == 30)
  }
}

@Suite struct SizeRangeTests {
  @Test func aRangeOffersItsEndsAndWhatIsUsual() {
    let range = SizeRange.from(PictureSize(160, 120), to: PictureSize(1000, 800), stepWidth: 8, stepHeight: 8)
    let sizes = range.candidates(near: nil)
    #expect(sizes.contains(PictureSize(640, 480)))
    #expect(sizes.contains(PictureSize(160, 120)))
    #expect(sizes.contains(PictureSize(1000, 800)))
    // 180 is not a multiple of eight above 120, and 1280 is too wide.
    #expect(!sizes.contains(PictureSize(320, 180)))
    #expect(!sizes.contains(PictureSize(1280, 720)))
  }

  @Test func aRangeOffersWhatIsNearestToTheWish() {
    let range = SizeRange.from(PictureSize(16, 16), to: PictureSize(4000, 3000), stepWidth: 16, stepHeight: 2)
    #expect(range.candidates(near: PictureSize(1001, 601)).first == PictureSize(1008, 602))
    #expect(range.candidates(near: PictureSize(9000, 1)).first == PictureSize(4000, 16))
    let continuous = SizeRange.from(PictureSize(1, 1), to: PictureSize(4000, 3000), stepWidth: 1, stepHeight: 1)
    #expect(continuous.candidates(near: PictureSize(1001, 601)).first == PictureSize(1001, 601))
    // A driver that gives no step is not divided by it.
    let stuck = SizeRange.from(PictureSize(640, 480), to: PictureSize(640, 480), stepWidth: 0, stepHeight: 0)
    #expect(stuck.candidates(near: PictureSize(1, 1)) == [PictureSize(640, 480)])
  }
}

@Suite struct NearestSizeTests {
  @Test func onlyTheNearestSizesAreAskedForTheirRates() {
    let sizes = SizeRange.each([PictureSize(640, 480), PictureSize(640, 360), PictureSize(1280, 720)])
    #expect(sizes.nearest(to: PictureSize(1000, 700)) == [PictureSize(1280, 720)])
    #expect(sizes.nearest(to: PictureSize(640, 420)) == [PictureSize(640, 480), PictureSize(640, 360)])
    #expect(SizeRange.each([]).nearest(to: PictureSize(640, 480)).isEmpty)
  }
}

@Suite struct CaptureModeTests {
  private let hd = PictureSize(1280, 720)
  private let vga = PictureSize(640, 480)

  private func offer(
    _ name: String, _ rates: [PictureSize: [UInt32]], isEmulated: Bool = false
  ) throws -> FormatOffer {
    FormatOffer(
      try #require(PixelFormat(name)), isEmulated: isEmulated,
      sizes: .each(rates.keys.sorted { $0.width < $1.width }),
      rates: rates.mapValues { .each($0.map { PictureRate($0) }) })
  }

  /// A usual webcam: uncompressed pictures are slow when large.
  private func webcam() throws -> [FormatOffer] {
    [
      try offer("MJPG", [hd: [30, 15], vga: [30]]), try offer("YUYV", [hd: [10, 5], vga: [30, 15]]),
      try offer("H264", [hd: [30], vga: [30]]),
      try offer("RGB3", [hd: [30], vga: [30]], isEmulated: true),
    ]
  }

  @Test func theRateIsReachedByJPEGWhereRawIsTooSlow() throws {
    let mode = CaptureMode.choose(CaptureWish(), from: try webcam())
    #expect(mode == CaptureMode(.motionJPEG, hd, PictureRate(30)))
    #expect("\(try #require(mode))" == "1280x720 MJPG at 30 pictures a second")
  }

  @Test func rawIsTakenWhereItReachesTheRate() throws {
    let slow = CaptureMode.choose(CaptureWish(rate: 10), from: try webcam())
    #expect(slow?.pixelFormat == PixelFormat("YUYV"))
    let small = CaptureMode.choose(CaptureWish(size: vga), from: try webcam())
    #expect(small == CaptureMode(try #require(PixelFormat("YUYV")), vga, PictureRate(30)))
  }

  @Test func h264IsTakenOnlyWhereItIsWanted() throws {
    #expect(CaptureMode.choose(CaptureWish(wantsH264: true), from: try webcam())?.pixelFormat == .h264)
    let only = [try offer("H264", [hd: [30]])]
    #expect(CaptureMode.choose(CaptureWish(), from: only) == nil)
    #expect(CaptureMode.choose(CaptureWish(pixelFormat: .h264), from: only)?.pixelFormat == .h264)
    // A larger picture than the H.264 has was asked for.
    let offers = [try offer("H264", [vga: [30]]), try offer("MJPG", [hd: [30]])]
    #expect(CaptureMode.choose(CaptureWish(wantsH264: true), from: offers)?.pixelFormat == .motionJPEG)
  }

  @Test func ofEqualsTheLeastWorkWins() throws {
    let offers = [
      try offer("BGR3", [hd: [30]]), try offer("YUYV", [hd: [30]]), try offer("NV12", [hd: [30]]),
      try offer("MJPG", [hd: [30]]),
    ]
    #expect(CaptureMode.choose(CaptureWish(), from: offers)?.pixelFormat == PixelFormat("NV12"))
    #expect(
      CaptureMode.choose(CaptureWish(), from: Array(offers.prefix(2)))?.pixelFormat == PixelFormat("YUYV"))
  }

  @Test func aNamedFormatIsTakenOrNothing() throws {
    let wish = CaptureWish(size: vga, pixelFormat: .jpeg)
    #expect(CaptureMode.choose(wish, from: try webcam())?.pixelFormat == .motionJPEG)
    #expect(CaptureMode.choose(CaptureWish(pixelFormat: PixelFormat("NV12")), from: try webcam()) == nil)
    // What can be named but not read.
    let bayer = [try offer("GRBG", [hd: [30]])]
    #expect(CaptureMode.choose(CaptureWish(pixelFormat: PixelFormat("GRBG")), from: bayer) == nil)
  }

  @Test func whatLibv4l2MakesIsTakenWhereNothingElseCanBeRead() throws {
    let bayer = [try offer("GRBG", [hd: [30]]), try offer("RGB3", [hd: [30]], isEmulated: true)]
    #expect(CaptureMode.choose(CaptureWish(), from: bayer)?.pixelFormat == PixelFormat("RGB3"))
    // However much nearer its size is.
    let both = [try offer("YUYV", [vga: [30]]), try offer("RGB3", [hd: [30]], isEmulated: true)]
    #expect(CaptureMode.choose(CaptureWish(), from: both)?.pixelFormat == PixelFormat("YUYV"))
  }

  @Test func sizesAreMatchedBeforeRates() throws {
    let offers = [try offer("YUYV", [vga: [30], PictureSize(1920, 1080): [5], PictureSize(1024, 768): [7]])]
    #expect(CaptureMode.choose(CaptureWish(size: PictureSize(1900, 1000)), from: offers)?.size.width == 1920)
    #expect(CaptureMode.choose(CaptureWish(), from: offers)?.size.width == 1024)
  }

  @Test func aCameraThatNamesNoRatesIsTakenAsItIs() throws {
    let offers = [FormatOffer(try #require(PixelFormat("YUYV")), sizes: .each([vga]))]
    #expect(CaptureMode.choose(CaptureWish(rate: 25), from: offers) == CaptureMode(offers[0].pixelFormat, vga, nil))
    #expect(CaptureMode.choose(CaptureWish(), from: []) == nil)
  }
}

@Suite struct CaptureErrorTests {
  @Test func reasonsSayWhatToDo() {
    func reason(_ code: Int32) -> String {
      CaptureError(device: "/dev/video0", operation: "begin to capture", code: code, group: "video").description
    }
    #expect(reason(2) == "/dev/video0 is not there")
    #expect(reason(19) == "/dev/video0 is not there")
    #expect(reason(16) == "/dev/video0 is busy: another program has it")
    #expect(reason(13) == "/dev/video0 must not be opened by this user: it takes the group \"video\"")
    #expect(reason(22) == "/dev/video0 does not begin to capture: Invalid argument")
  }

  @Test func aDeviceThatIsNotThereIsAbsent() {
    #expect(throws: CaptureError(.absent, "/dev/no-such-camera is not there")) {
      _ = try Camera("/dev/no-such-camera", CaptureWish()).card
    }
    #expect(throws: CaptureError(.absent, "no camera called \"Nobody's\" is there")) {
      _ = try Camera("Nobody's", CaptureWish()).card
    }
    #expect(throws: CaptureError(.unfit, "/dev/null is not a camera")) {
      _ = try Camera("/dev/null", CaptureWish()).card
    }
    #expect(throws: CaptureError(.absent, "hw:31,0 is not there")) {
      _ = try Microphone("hw:31,0").channels
    }
  }
}
