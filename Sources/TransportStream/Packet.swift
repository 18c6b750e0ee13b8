/// The header of one transport packet (ISO/IEC 13818-1 §2.4.3.2), read out of its 188 bytes; it holds none of them.
///
///     byte 0        1               2          3                4 …
///     sync 0x47 | e u p PID(5) | PID(8) | ss aa cccc | adaptation field, payload
///
/// e transport error, u payload unit start, p priority, ss scrambling, aa adaptation field control, cccc continuity.
public struct TSPacket: Sendable {
  /// Bytes in a packet.
  public static var size: Int { 188 }
  public static var syncByte: UInt8 { 0x47 }
  /// Packets in a full datagram: 7 * 188 = 1,316 bytes fit an Ethernet frame with RTP, UDP and IP in front.
  public static var perDatagram: Int { 7 }

  package let pid: UInt16
  package let transportError: Bool
  package let payloadUnitStart: Bool
  package let isScrambled: Bool
  package let hasPayload: Bool
  /// 0 to 15; counts the packets of this PID that carry payload (§2.4.3.3).
  package let continuityCounter: UInt8
  /// discontinuity_indicator (§2.4.3.5).
  package let discontinuity: Bool
  /// random_access_indicator (§2.4.3.5).
  package let randomAccess: Bool
  /// Where the 6-byte PCR field stands, counted from the packet's first byte.
  package let pcrOffset: Int?
  /// The program clock reference: 27 MHz, modulo 2^33 * 300.
  package let pcr: UInt64?
  /// Where the payload begins, counted from the packet's first byte; 188 when there is none.
  package let payloadOffset: Int

  /// Nil when fewer than 188 bytes stand at `offset`, the sync byte is missing, the adaptation field control is the
  /// reserved 00, or the adaptation field is longer than its packet.
  package init?(_ bytes: Span<UInt8>, at offset: Int = 0) {
    guard offset >= 0, offset <= bytes.count - TSPacket.size, bytes[offset] == TSPacket.syncByte else { return nil }
    let b1 = bytes[offset + 1]
    let b3 = bytes[offset + 3]
    pid = UInt16(b1 & 0x1F) << 8 | UInt16(bytes[offset + 2])
    transportError = b1 & 0x80 != 0
    payloadUnitStart = b1 & 0x40 != 0
    isScrambled = b3 & 0xC0 != 0
    continuityCounter = b3 & 0x0F
    hasPayload = b3 & 0x10 != 0

    guard b3 & 0x20 != 0 else {
      guard hasPayload else { return nil }
      (discontinuity, randomAccess, pcrOffset, pcr, payloadOffset) = (false, false, nil, nil, 4)
      return
    }
    let length = Int(bytes[offset + 4])
    guard length <= (hasPayload ? 182 : 183) else { return nil }
    let flags = length > 0 ? bytes[offset + 5] : 0
    discontinuity = flags & 0x80 != 0
    randomAccess = flags & 0x40 != 0
    payloadOffset = hasPayload ? 5 + length : TSPacket.size
    if flags & 0x10 != 0, length >= 7 {
      pcrOffset = 6
      pcr = ClockReference.read(bytes, at: offset + 6)
    } else {
      (pcrOffset, pcr) = (nil, nil)
    }
  }

  /// Overwrites the continuity counter of the packet at `offset`; `counter` is taken modulo 16.
  package static func setContinuityCounter(_ counter: UInt8, in bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes[offset + 3] = bytes[offset + 3] & 0xF0 | counter & 0x0F
  }

  /// Writes a null packet (§2.4.1) at `offset`.
  package static func writeNull(to bytes: inout MutableSpan<UInt8>, at offset: Int) {
    bytes[offset] = syncByte
    bytes[offset + 1] = 0x1F
    bytes[offset + 2] = 0xFF
    bytes[offset + 3] = 0x10
    for index in offset + 4..<offset + size { bytes[index] = 0xFF }
  }
}
