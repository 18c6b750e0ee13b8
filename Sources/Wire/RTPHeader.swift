/// The fixed header of an RTP packet (RFC 3550, section 5.1), as it carries MPEG-TS (RFC 2250, section 2).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +---+-+-+-------+-+-------------+-------------------------------+
///     |V=2|P|X|  CC   |M| payload type|        sequence number        |
///     +---+-+-+-------+-+-------------+-------------------------------+
///     |                           timestamp                           |
///     +---------------------------------------------------------------+
///     |                             SSRC                              |
///     +---------------------------------------------------------------+
public struct RTPHeader: Hashable, Sendable {
  /// Bytes of the header as it is written: no CSRC, no extension.
  public static let size = 12
  /// The payload type of MPEG-TS (RFC 3551, section 6: MP2T).
  public static let mpegTS: UInt8 = 33

  /// Set where the timestamp is discontinuous (RFC 2250, section 2.1); our stations never set it.
  public var marker: Bool
  /// 7 bits.
  public var payloadType: UInt8
  /// Counts packets, modulo 2^16.
  public var sequenceNumber: UInt16
  /// 90 kHz: when the datagram's first byte is due, modulo 2^32.
  public var timestamp: UInt32
  /// The synchronization source: which sender this is (section 8).
  public var ssrc: UInt32

  public init(
    sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32, marker: Bool = false, payloadType: UInt8 = mpegTS
  ) {
    self.marker = marker
    self.payloadType = payloadType
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.ssrc = ssrc
  }

  /// Writes ``size`` bytes into `bytes`, from `offset`, which must be there.
  public func write(into bytes: inout MutableSpan<UInt8>, at offset: Int = 0) {
    bytes[offset] = 0x80
    bytes[offset + 1] = (marker ? 0x80 : 0) | (payloadType & 0x7F)
    bytes[offset + 2] = UInt8(truncatingIfNeeded: sequenceNumber >> 8)
    bytes[offset + 3] = UInt8(truncatingIfNeeded: sequenceNumber)
    for i in 0..<4 {
      let shift = UInt32(24 - 8 * i)
      bytes[offset + 4 + i] = UInt8(truncatingIfNeeded: timestamp >> shift)
      bytes[offset + 8 + i] = UInt8(truncatingIfNeeded: ssrc >> shift)
    }
  }

  /// The header of a whole RTP packet and where its payload stands: after CSRCs and header extension (section 5.3.1),
  /// before the padding. nil when it is not RTP version 2 or its lengths do not fit.
  package static func parse(_ bytes: Span<UInt8>) -> (header: RTPHeader, payload: Range<Int>)? {
    guard bytes.count >= size, bytes[0] >> 6 == 2 else { return nil }
    var start = size + 4 * Int(bytes[0] & 0x0F)
    if bytes[0] & 0x10 != 0 {
      guard start + 4 <= bytes.count else { return nil }
      start += 4 + 4 * (Int(bytes[start + 2]) << 8 | Int(bytes[start + 3]))
    }
    var end = bytes.count
    if bytes[0] & 0x20 != 0 {
      let padding = Int(bytes[end - 1])
      guard padding > 0 else { return nil }
      end -= padding
    }
    guard start <= end else { return nil }
    let header = RTPHeader(
      sequenceNumber: UInt16(bytes[2]) << 8 | UInt16(bytes[3]), timestamp: word(bytes, at: 4), ssrc: word(bytes, at: 8),
      marker: bytes[1] & 0x80 != 0, payloadType: bytes[1] & 0x7F)
    return (header, start..<end)
  }

  private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
    UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
      | UInt32(bytes[offset + 3])
  }
}
