import Testing

@testable import Wire

/// Golden bytes written by hand from docs/protocol.md; the digests were reckoned by a program in another language.
struct MarkFrameTests {
  @Test func aFrameHasTheNumberAndThenTimestampsAndDigests() {
    let bytes = MarkFrame.bytes(
      first: 0x0102_0304_0506_FFFE, ssrc: 0x89AB_CDEF,
      [
        .init(timestamp: 0xFFFF_FFFF, digest: 0x0123_4567_89AB_CDEF), .init(timestamp: 0x0000_0383, digest: .max),
      ])
    #expect(
      bytes == [
        0x00, 0x2C, 0x80, 0x60, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0xAB, 0xCD, 0xEF,
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0xFF, 0xFE,
        0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
        0x00, 0x00, 0x03, 0x83, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
      ])
    let payload = bytes.span.extracting(14..<bytes.count)
    let row = MarkFrame.row(payload)
    #expect(row?.first == 0x0102_0304_0506_FFFE && row?.count == 2)
    let second = MarkFrame.mark(payload, at: 1)
    #expect(second == .init(timestamp: 0x383, digest: .max))
  }

  @Test(arguments: [0, 7, 8, 19, 21, 8 + 257 * 12])
  func aPayloadOfAnotherLengthIsNone(length: Int) {
    let bytes = [UInt8](repeating: 1, count: length)
    let row = MarkFrame.row(bytes.span)
    #expect(row == nil)
  }

  @Test func digestsAreFNVByWords() {
    func digest(_ bytes: [UInt8]) -> UInt64 { MarkFrame.digest(bytes.span) }
    #expect(digest([]) == 0xCBF2_9CE4_8422_2325)
    #expect(digest([0x61]) == 0xAF63_DC4C_8601_EC8C)
    #expect(digest([0x47, 0x1F, 0xFF, 0x10]) == 0xCB1C_CDB7_C21D_2E0F)
    #expect(digest((0..<188).map { UInt8($0) }) == 0x1CA7_8209_ECE7_F3A8)
    #expect(digest((0..<190).map { UInt8($0) }) == 0x674B_B778_83D7_6C73)
  }
}
