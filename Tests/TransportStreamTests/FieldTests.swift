import Testing
import TransportStream

/// Golden bytes laid out by hand from the bit diagrams of ISO/IEC 13818-1.
@Suite struct FieldTests {
  /// base 0x1_2345_6789, extension 299: 33 bits | 111111 | 9 bits.
  private let clock: [UInt8] = [0x91, 0xA2, 0xB3, 0xC4, 0xFF, 0x2B]
  private let clockValue: UInt64 = 0x1_2345_6789 * 300 + 299

  @Test func readsAProgramClockReference() {
    let value = ClockReference.read(clock.span, at: 0)
    #expect(value == clockValue)
  }

  @Test func writesAProgramClockReference() {
    var bytes = [UInt8](repeating: 0, count: 8)
    var span = bytes.mutableSpan
    ClockReference.write(clockValue, to: &span, at: 1)
    #expect(bytes == [0] + clock + [0])
  }

  @Test func addsToAProgramClockReferenceOverTheWrap() {
    var bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x2B]  // 2^33 - 1, 299: the last value before the wrap
    var span = bytes.mutableSpan
    ClockReference.add(2, to: &span, at: 0)
    #expect(bytes == [0x00, 0x00, 0x00, 0x00, 0x7E, 0x01])
  }

  @Test func readsAndWritesATimeStamp() {
    let golden: [UInt8] = [0x29, 0x8D, 0x15, 0xCF, 0x13]  // '0010', 0x1_2345_6789
    let value = TimeStamp.read(golden.span, at: 0)
    #expect(value == 0x1_2345_6789)
    var bytes: [UInt8] = [0x20, 0, 0, 0, 0]
    var span = bytes.mutableSpan
    TimeStamp.write(0x1_2345_6789, to: &span, at: 0)
    #expect(bytes == golden)
  }

  @Test func addsToATimeStampOverTheWrap() {
    var bytes: [UInt8] = [0x3F, 0xFF, 0xFF, 0xFF, 0xFF]  // '0011', 2^33 - 1
    var span = bytes.mutableSpan
    TimeStamp.add(90_001, to: &span, at: 0)
    // 90,000 = 0b10_1011111_10010000: 32…30 000, 29…15 000000000000010, 14…0 101111110010000
    #expect(bytes == [0x31, 0x00, 0x05, 0xBF, 0x21])
  }

  @Test func readsAPESHeaderWithBothStamps() throws {
    let bytes: [UInt8] = [
      0x00, 0x00, 0x01, 0xE0, 0x00, 0x00, 0x80, 0xC0, 0x0A,
      0x39, 0x8D, 0x15, 0xCF, 0x13, 0x11, 0x00, 0x05, 0xBF, 0x21, 0xAA,
    ]
    let header = try #require(PESHeader(bytes))
    #expect(header.streamID == 0xE0)
    #expect(header.pts == 0x1_2345_6789 && header.ptsOffset == 9)
    #expect(header.dts == 90_000 && header.dtsOffset == 14)
    #expect(header.payloadOffset == 19)
  }

  @Test func refusesAPESHeaderThatIsCutShort() {
    let bytes: [UInt8] = [0x00, 0x00, 0x01, 0xE0, 0x00, 0x00, 0x80, 0xC0, 0x0A, 0x39, 0x8D, 0x15, 0xCF, 0x13, 0x11]
    for end in 0...bytes.count { #expect(PESHeader(bytes, end: end) == nil) }
  }

  @Test func refusesStreamsWithoutThatHeader() {
    for id: UInt8 in [0xBC, 0xBE, 0xBF, 0xFF] {
      let bytes: [UInt8] = [0x00, 0x00, 0x01, id, 0x00, 0x00, 0x80, 0x80, 0x05, 0x21, 0x00, 0x05, 0xBF, 0x21]
      #expect(PESHeader(bytes) == nil)
    }
  }
}

@Suite struct PacketTests {
  /// PID 0x100, payload unit start, adaptation field of 7 with random access and PCR, continuity counter 0xD.
  private let packet: [UInt8] =
    [0x47, 0x41, 0x00, 0x3D, 0x07, 0x50, 0x91, 0xA2, 0xB3, 0xC4, 0xFF, 0x2B] + [UInt8](repeating: 0x55, count: 176)

  @Test func readsAHeader() throws {
    let header = try #require(TSPacket(packet))
    #expect(header.pid == 0x100 && header.payloadUnitStart && header.hasPayload)
    #expect(header.continuityCounter == 13 && header.randomAccess && !header.discontinuity)
    #expect(!header.transportError && !header.isScrambled)
    #expect(header.pcr == 0x1_2345_6789 * 300 + 299 && header.pcrOffset == 6)
    #expect(header.payloadOffset == 12)
  }

  @Test func readsFlagsThatAreSeldomSet() throws {
    var bytes = packet
    bytes[1] |= 0x80
    bytes[3] |= 0x80
    bytes[5] = 0x80
    let header = try #require(TSPacket(bytes))
    #expect(header.transportError && header.isScrambled && header.discontinuity)
    #expect(header.pcr == nil && !header.randomAccess)
  }

  @Test func aPacketMayConsistOfItsAdaptationField() throws {
    var bytes = packet
    bytes[3] = 0x2D
    bytes[4] = 183
    let header = try #require(TSPacket(bytes))
    #expect(!header.hasPayload && header.payloadOffset == 188 && header.pcr != nil)
  }

  @Test func refusesWhatIsNoPacket() {
    #expect(TSPacket(packet, at: 1) == nil, "too short")
    #expect(TSPacket(Array(packet.dropLast())) == nil, "too short")
    #expect(TSPacket(packet, at: -1) == nil)
    for (index, value): (Int, UInt8) in [(0, 0x46), (3, 0x0D), (4, 183), (4, 255)] {
      var bytes = packet
      bytes[index] = value
      #expect(TSPacket(bytes) == nil, "byte \(index) = \(value)")
    }
  }

  @Test func countersMoveOnWithoutTouchingTheRest() {
    var bytes = packet + packet
    bytes[188 + 2] = 0x01  // PID 0x101
    let expected = bytes
    var shifts = SIMD16<UInt8>(repeating: 0)
    shifts[2] = 5  // video
    var span = bytes.mutableSpan
    let done = Restamp.advanceCounters(in: &span, count: 376, by: shifts)
    #expect(done)
    #expect(bytes[3] == 0x32, "13 + 5 is 2 modulo 16")
    bytes[3] = 0x3D
    #expect(bytes == expected)
  }

  @Test func countersOfNoPacketsAreRefused() {
    var bytes = packet + packet
    bytes[188] = 0
    var span = bytes.mutableSpan
    let (broken, cut) = (
      Restamp.advanceCounters(in: &span, count: 376, by: .zero),
      Restamp.advanceCounters(in: &span, count: 187, by: .zero)
    )
    #expect(!broken && !cut)
  }

  @Test func aNullPacketIsNull() throws {
    var bytes = packet
    var span = bytes.mutableSpan
    TSPacket.writeNull(to: &span, at: 0)
    #expect(bytes == [0x47, 0x1F, 0xFF, 0x10] + [UInt8](repeating: 0xFF, count: 184))
  }
}
