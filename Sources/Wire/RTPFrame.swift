/// How RTP packets stand in a byte stream (RFC 4571, section 2): two bytes with the packet's length in network order, then the
/// packet.
///
///      0                   1
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
///     +-------------------------------+---------- …
///     |            length             | RTP packet
///     +-------------------------------+---------- …
public enum RTPFrame {
  /// Bytes before the packet.
  public static let headerSize = 2
  /// Bytes of the longest frame that a station needs: seven transport packets.
  public static let longest = headerSize + RTPHeader.size + 7 * 188

  /// Writes the length of the packet that follows.
  public static func writeLength(_ length: UInt16, to bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes[offset] = UInt8(truncatingIfNeeded: length >> 8)
    bytes[offset + 1] = UInt8(truncatingIfNeeded: length)
  }

  /// Where the packet of the frame that begins at `offset` stands; nil while it is not there whole.
  public static func packet(in bytes: Span<UInt8>, at offset: Int) -> Range<Int>? {
    guard offset + headerSize <= bytes.count else { return nil }
    let length = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
    let start = offset + headerSize
    return start + length <= bytes.count ? start..<start + length : nil
  }
}
