import Testing

@testable import Recorder

@Suite struct NALUnitsTests {
  private func point(_ bytes: [UInt8], _ codec: NALUnits.Codec) -> Int? {
    NALUnits.insertionPoint(in: bytes.span, codec: codec)
  }

  @Test func beforeTheFirstUnit() {
    #expect(point([0, 0, 0, 1, 0x65, 0x88, 0x84], .h264) == 0)
    #expect(point([0, 0, 1, 0x06, 5, 0x80, 0, 0, 1, 0x65, 0x88], .h264) == 0)
    #expect(point([0, 0, 0, 1, 0x26, 0x01, 0xAF], .hevc) == 0)
  }

  @Test func behindADelimiter() {
    #expect(point([0, 0, 0, 1, 0x09, 0xF0, 0, 0, 0, 1, 0x65, 0x88], .h264) == 6)
    #expect(point([0, 0, 0, 1, 0x09, 0xF0, 0, 0, 1, 0x65, 0x88], .h264) == 6)
    #expect(point([0, 0, 0, 1, 0x46, 0x01, 0x50, 0, 0, 0, 1, 0x26, 0x01], .hevc) == 7)
  }

  @Test func nowhereWhenTheyAreThere() {
    #expect(point([0, 0, 0, 1, 0x67, 0x42, 0, 0, 0, 1, 0x68, 0xCE, 0, 0, 0, 1, 0x65, 0x88], .h264) == nil)
    #expect(point([0, 0, 0, 1, 0x42, 0x01, 0, 0, 0, 1, 0x26, 0x01], .hevc) == nil)
  }

  @Test func oddBytes() {
    #expect(point([], .h264) == 0)
    #expect(point([0, 0, 1], .h264) == 0)
    #expect(point([1, 2, 3, 4, 5, 6, 7, 8], .hevc) == 0)
  }

  @Test func cleanKeyFrames() {
    func isClean(_ bytes: [UInt8], _ codec: NALUnits.Codec) -> Bool { NALUnits.isClean(bytes.span, codec: codec) }
    #expect(isClean([0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x65, 0x88], .h264))
    #expect(!isClean([0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x41, 0x88], .h264))
    #expect(isClean([0, 0, 0, 1, 0x26, 0x01, 0xAF], .hevc))  // IDR_W_RADL, 19
    #expect(!isClean([0, 0, 0, 1, 0x2A, 0x01, 0xAF], .hevc))  // CRA, 21
    #expect(!isClean([0, 0, 0, 1], .hevc))
  }

  @Test func aBrokenLinkIsMarked() {
    var unit: [UInt8] = [0, 0, 0, 1, 0x42, 0x01, 0, 0, 1, 0x2A, 0x01, 0xAF, 0, 0, 1, 0x2B, 0x01, 0x2A]
    NALUnits.breakLink(in: &unit)
    #expect(unit == [0, 0, 0, 1, 0x42, 0x01, 0, 0, 1, 0x24, 0x01, 0xAF, 0, 0, 1, 0x25, 0x01, 0x2A])
  }
}
