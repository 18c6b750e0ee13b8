/// The header of a PES packet (ISO/IEC 13818-1 §2.4.3.6), read where a payload unit starts.
package struct PESHeader: Sendable {
  package let streamID: UInt8
  /// Where the 5-byte PTS stands, counted from the header's first byte, and its value (90 kHz, modulo 2^33).
  package let ptsOffset: Int?
  package let pts: UInt64?
  /// The same for the DTS; nil when it equals the PTS and so is not sent.
  package let dtsOffset: Int?
  package let dts: UInt64?
  /// Where the elementary stream begins, counted from the header's first byte; may lie beyond the packet.
  package let payloadOffset: Int

  /// Reads the header at `offset`, of which at most the bytes before `end` belong to it. Nil when the start code is
  /// missing, the stream has no such header (padding, private 2, maps, directories) or its fields are cut short.
  package init?(_ bytes: Span<UInt8>, at offset: Int, end: Int) {
    guard offset >= 0, end <= bytes.count, offset <= end - 9, bytes[offset] == 0, bytes[offset + 1] == 0,
      bytes[offset + 2] == 1
    else { return nil }
    streamID = bytes[offset + 3]
    switch streamID {
    case 0xBC, 0xBE, 0xBF, 0xF0, 0xF1, 0xF2, 0xF8, 0xFF: return nil
    default: break
    }
    guard bytes[offset + 6] & 0xC0 == 0x80 else { return nil }
    let flags = bytes[offset + 7] >> 6
    let length = Int(bytes[offset + 8])
    payloadOffset = 9 + length
    let needed = flags == 3 ? 10 : flags == 2 ? 5 : 0
    guard flags != 1, length >= needed, offset + 9 + needed <= end else { return nil }
    if flags >= 2 {
      (ptsOffset, pts) = (9, TimeStamp.read(bytes, at: offset + 9))
    } else {
      (ptsOffset, pts) = (nil, nil)
    }
    if flags == 3 {
      (dtsOffset, dts) = (14, TimeStamp.read(bytes, at: offset + 14))
    } else {
      (dtsOffset, dts) = (nil, nil)
    }
  }
}
