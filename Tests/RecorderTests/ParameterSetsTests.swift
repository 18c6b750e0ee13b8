import Testing

@testable import Recorder

@Suite struct ParameterSetsTests {
  private func point(_ bytes: [UInt8], _ codec: ParameterSets.Codec) -> Int? {
    ParameterSets.insertionPoint(in: bytes.span, codec: codec)
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
}
