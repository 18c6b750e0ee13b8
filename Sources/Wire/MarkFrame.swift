/// How a stream connection tells datagrams apart that multicast brings without RTP: for a row of them, by number, when each is
/// due and a digest of its bytes. It stands in a frame (``RTPFrame``) like theirs, whose sequence number and timestamp are those
/// of the first one:
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +---------------------------------------------------------------+
///     |         RTP header (12 bytes), payload type 96                |
///     +---------------------------------------------------------------+
///     |         number of the first datagram (64 bits)                |
///     |                                                               |
///     +===============================================================+
///     |         its timestamp                                         |
///     +---------------------------------------------------------------+
///     |         its digest (64 bits)                                  |
///     |                                                               |
///     +===============================================================+
///     |         the next one's timestamp …                            |
///
/// Numbers are in network order.
public enum MarkFrame {
  /// The payload type: of those that are free (RFC 3551, section 6), one that our stations use for nothing else.
  public static let payloadType: UInt8 = 96
  /// Bytes of a payload before its first mark, and of a mark.
  public static let headSize = 8
  public static let markSize = 12
  /// The most marks in a frame.
  public static let most = 256

  /// What one mark says of a datagram.
  public struct Mark: Equatable, Sendable {
    /// When it is due: 90 kHz, modulo 2^32, as RTP has it.
    public var timestamp: UInt32
    /// Of its transport packets; see ``MarkFrame/digest(_:)``.
    public var digest: UInt64

    public init(timestamp: UInt32, digest: UInt64) {
      self.timestamp = timestamp
      self.digest = digest
    }
  }

  /// FNV-1a of 64 bits, but with words of four bytes, in network order, where that takes bytes: transport packets are 47 of
  /// them. Bytes that are over come one by one.
  public static func digest(_ packets: Span<UInt8>) -> UInt64 {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    var offset = 0
    while offset + 4 <= packets.count {
      digest = (digest ^ UInt64(word(packets, at: offset))) &* prime
      offset += 4
    }
    while offset < packets.count {
      digest = (digest ^ UInt64(packets[offset])) &* prime
      offset += 1
    }
    return digest
  }

  private static let prime: UInt64 = 0x0000_0100_0000_01B3

  /// The number of the first datagram that a payload tells of, and how many it tells of; nil where it is not a whole one.
  public static func row(_ payload: Span<UInt8>) -> (first: Int64, count: Int)? {
    let marks = payload.count - headSize
    guard marks > 0, marks % markSize == 0, marks / markSize <= most else { return nil }
    return (Int64(bitPattern: long(payload, at: 0)), marks / markSize)
  }

  /// A payload's mark, of those that ``row(_:)`` counts.
  public static func mark(_ payload: Span<UInt8>, at index: Int) -> Mark {
    let offset = headSize + index * markSize
    return Mark(timestamp: word(payload, at: offset), digest: long(payload, at: offset + 4))
  }

  /// A frame with all its bytes, for datagrams that follow one another; at most ``most`` marks.
  package static func bytes(first: Int64, ssrc: UInt32, _ marks: [Mark]) -> [UInt8] {
    let length = RTPHeader.size + headSize + marks.count * markSize
    var bytes = [UInt8](repeating: 0, count: RTPFrame.headerSize + length)
    var room = bytes.mutableSpan
    RTPFrame.writeLength(UInt16(length), to: &room, at: 0)
    RTPHeader(
      sequenceNumber: UInt16(truncatingIfNeeded: first), timestamp: marks.first?.timestamp ?? 0, ssrc: ssrc,
      payloadType: payloadType
    ).write(into: &room, at: RTPFrame.headerSize)
    var offset = RTPFrame.headerSize + RTPHeader.size
    write(UInt64(bitPattern: first), 8, to: &room, at: &offset)
    for mark in marks {
      write(UInt64(mark.timestamp), 4, to: &room, at: &offset)
      write(mark.digest, 8, to: &room, at: &offset)
    }
    return bytes
  }

  private static func write(_ value: UInt64, _ size: Int, to room: inout MutableSpan<UInt8>, at offset: inout Int) {
    for byte in (0..<size).reversed() {
      room[offset] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
      offset += 1
    }
  }

  private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
    UInt32(bytes[offset]) << 24 | UInt32(bytes[offset + 1]) << 16 | UInt32(bytes[offset + 2]) << 8
      | UInt32(bytes[offset + 3])
  }

  private static func long(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    UInt64(word(bytes, at: offset)) << 32 | UInt64(word(bytes, at: offset + 4))
  }
}
