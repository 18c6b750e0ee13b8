import Testing

@testable import Wire

/// Golden bytes written by hand from RFC 3550, section 5.1.
struct RTPHeaderTests {
  private struct Packet: Equatable {
    var header: RTPHeader
    var payload: Range<Int>
  }

  private func parse(_ bytes: [UInt8]) -> Packet? {
    RTPHeader.parse(bytes.span).map { Packet(header: $0.header, payload: $0.payload) }
  }

  @Test func headerIsWrittenInNetworkOrder() {
    var bytes = [UInt8](repeating: 0xEE, count: 16)
    var span = bytes.mutableSpan
    RTPHeader(sequenceNumber: 0xABCD, timestamp: 0x0123_4567, ssrc: 0x89AB_CDEF).write(into: &span, at: 2)
    #expect(
      bytes == [
        0xEE, 0xEE, 0x80, 0x21, 0xAB, 0xCD, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xEE, 0xEE,
      ])
  }

  @Test func markerAndLastValues() {
    var bytes = [UInt8](repeating: 0, count: 12)
    var span = bytes.mutableSpan
    RTPHeader(sequenceNumber: 0xFFFF, timestamp: .max, ssrc: 0, marker: true, payloadType: 127).write(into: &span)
    #expect(bytes == [0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
  }

  @Test func plainPacketIsParsed() throws {
    let bytes: [UInt8] = [0x80, 0xA1, 0x12, 0x34, 0, 0, 0, 5, 0xDE, 0xAD, 0xBE, 0xEF, 0x47, 0x00]
    let packet = try #require(parse(bytes))
    #expect(packet.header == RTPHeader(sequenceNumber: 0x1234, timestamp: 5, ssrc: 0xDEAD_BEEF, marker: true))
    #expect(packet.payload == 12..<14)
  }

  @Test func contributorsExtensionAndPaddingAreSkipped() throws {
    // V=2, P, X, CC=2; two CSRCs; an extension of one word; payload 47 01; three bytes of padding.
    let bytes: [UInt8] = [
      0xB2, 0x21, 0x00, 0x01, 0, 0, 0, 2, 0, 0, 0, 3,
      0xC0, 0xC0, 0xC0, 0xC0, 0xC1, 0xC1, 0xC1, 0xC1,
      0xBE, 0xDE, 0x00, 0x01, 0xEE, 0xEE, 0xEE, 0xEE,
      0x47, 0x01, 0x00, 0x00, 0x03,
    ]
    let payload = try #require(parse(bytes)).payload
    #expect(payload == 28..<30)
  }

  @Test func aPacketOfHeaderAloneHasAnEmptyPayload() throws {
    let bytes: [UInt8] = [0x80, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(try #require(parse(bytes)).payload.isEmpty)
  }

  @Test(
    arguments: [
      [],
      [0x80, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0],  // one byte short
      [0x40, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],  // version 1
      [0x47, 0x40, 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0, 0],  // a bare TS packet
      [0x81, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3],  // a CSRC cut short
      [0x90, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0],  // an extension header cut short
      [0x90, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0xFF, 0xFF],  // an extension longer than the packet
      [0xA0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x47, 0],  // padding of 0 bytes
      [0xA0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x47, 3],  // more padding than payload
    ] as [[UInt8]])
  func brokenPacketsAreRefused(bytes: [UInt8]) {
    #expect(parse(bytes) == nil)
  }

  @Test func anyBytesAreSurvivedAndRangesFit() {
    var random = SplitMix(state: 33)
    for _ in 0..<20_000 {
      var bytes = (0..<Int(random.next() % 64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if !bytes.isEmpty { bytes[0] = bytes[0] & 0x3F | 0x80 }
      if let payload = parse(bytes)?.payload {
        #expect(payload.lowerBound >= 12 && payload.upperBound <= bytes.count)
      }
    }
  }
}

/// A small seeded generator (SplitMix64), so that a failure can be had again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
