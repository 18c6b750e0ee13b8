import Testing

@testable import Recorder

@Suite struct ADTSHeaderTests {
  /// AudioSpecificConfig 0x1190: object type 2 (00010), sampling index 3 (0011), channels 2 (0010), 960 flag 0.
  @Test func lowComplexity48kStereo() throws {
    let header = try #require(ADTSHeader(audioSpecificConfig: [0x11, 0x90]))
    // 1111 1111 1111 0001 | 01 0011 0 0 | 10 0000 00 | frame length 107 = 0 0000 0110 1011 | 7FF | 00
    #expect(header.bytes(before: 100) == [0xFF, 0xF1, 0x4C, 0x80, 0x0D, 0x7F, 0xFC])
  }

  @Test func surroundAt44100() throws {
    // 00010 0100 0110 000
    let header = try #require(ADTSHeader(audioSpecificConfig: [0x12, 0x30]))
    // profile 01, index 0100, private 0, channels 110 -> 01010001 10......; length 8191 = all ones.
    #expect(header.bytes(before: 8184) == [0xFF, 0xF1, 0x51, 0x83, 0xFF, 0xFF, 0xFC])
    #expect(header.bytes(before: 8185) == nil)
  }

  @Test func replicationNamesItsCore() throws {
    // Object type 5, index 6 (24 kHz), 2 channels, extension index 3 (48 kHz), core type 2, flag 0.
    // 00101 0110 0010 0011 00010 0 00
    let header = try #require(ADTSHeader(audioSpecificConfig: [0x2B, 0x11, 0x88, 0x00]))
    #expect(header.profile == 1)
    #expect(header.samplingIndex == 6)
    #expect(header.channels == 2)
  }

  @Test(arguments: [
    [] as [UInt8],
    [0x11],  // cut short
    [0x17, 0x80, 0x00, 0x00, 0x00],  // a sampling frequency written out
    [0x11, 0x80],  // channels described one by one
    [0x11, 0x94],  // 960 samples
    [0xF9, 0x48, 0x40],  // object type 42
  ])
  func whatNoHeaderCanSay(config: [UInt8]) {
    #expect(ADTSHeader(audioSpecificConfig: config) == nil)
  }

  @Test func headersThatStandThereAlready() {
    let framed: [UInt8] = [0xFF, 0xF1, 0x4C, 0x80, 0x01, 0x1F, 0xFC, 0x21]
    let bare: [UInt8] = [0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C, 0, 0]
    let stands = (ADTSHeader.stands(before: framed.span), ADTSHeader.stands(before: bare.span))
    #expect(stands == (true, false))
  }
}
