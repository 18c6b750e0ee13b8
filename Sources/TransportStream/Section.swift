/// The 32-bit cyclic redundancy check of PSI and SI sections (ISO/IEC 13818-1 Annex A): polynomial 0x04C11DB7, all ones
/// at first, no reflection. Over a section with its own CRC at the end it gives 0.
package enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte) << 24) { crc, _ in crc & 0x8000_0000 != 0 ? crc << 1 ^ 0x04C1_1DB7 : crc << 1 }
  }

  package static func mpeg(_ bytes: Span<UInt8>, from offset: Int = 0, count: Int) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for index in offset..<offset + count { crc = crc << 8 ^ table[Int(UInt8(crc >> 24) ^ bytes[index])] }
    return crc
  }
}

/// One PSI or SI section (ISO/IEC 13818-1 §2.4.4, EN 300 468 §5.1), whole and checked.
///
///     table_id(8) | syntax(1) 0/1(1) rr length(12) | id(16) | rr version(5) current(1) | number(8) | last(8) | … | CRC(32)
package struct Section: Hashable, Sendable {
  /// From the table identifier to the CRC.
  package let bytes: [UInt8]

  package var tableID: UInt8 { bytes[0] }
  /// transport_stream_id in a PAT or SDT, program_number in a PMT.
  package var identifier: UInt16 { UInt16(bytes[3]) << 8 | UInt16(bytes[4]) }
  /// 0 to 31.
  package var version: UInt8 { bytes[5] >> 1 & 0x1F }
  /// What stands between the eight bytes of the header and the CRC.
  package var body: ArraySlice<UInt8> { bytes[8..<bytes.count - 4] }

  /// The section that starts and ends in the packet at `offset`; nil when the packet starts none, the section does not
  /// end in the same packet, lacks the long header, or fails its CRC.
  package init?(packet: Span<UInt8>, at offset: Int = 0) {
    guard let header = TSPacket(packet, at: offset), header.payloadUnitStart, header.payloadOffset < TSPacket.size
    else { return nil }
    let start = header.payloadOffset + 1 + Int(packet[offset + header.payloadOffset])
    guard start + 3 <= TSPacket.size else { return nil }
    let length = Int(packet[offset + start + 1] & 0x0F) << 8 | Int(packet[offset + start + 2])
    guard packet[offset + start + 1] & 0x80 != 0, length >= 9, start + 3 + length <= TSPacket.size,
      CRC32.mpeg(packet, from: offset + start, count: 3 + length) == 0
    else { return nil }
    bytes = (0..<3 + length).map { packet[offset + start + $0] }
  }

  /// A section by its bytes alone; nil where its length or CRC is wrong.
  package init?(checked bytes: [UInt8]) {
    guard bytes.count >= 12, bytes[1] & 0x80 != 0,
      bytes.count == 3 + (Int(bytes[1] & 0x0F) << 8 | Int(bytes[2])), CRC32.mpeg(bytes.span, count: bytes.count) == 0
    else { return nil }
    self.bytes = bytes
  }

  /// A section with the long header; `body` is at most 1,012 bytes, `version` is taken modulo 32.
  ///
  /// The bit after the syntax indicator is 0 in the tables of 13818-1 and reserved, so 1, in those of EN 300 468.
  package init(tableID: UInt8, identifier: UInt16, version: UInt8, body: [UInt8]) {
    let length = UInt16(truncatingIfNeeded: body.count + 9)
    let reserved: UInt8 = tableID < 0x40 ? 0xB0 : 0xF0
    var bytes: [UInt8] = [tableID, reserved | UInt8(length >> 8 & 0x0F), UInt8(length & 0xFF)]
    bytes += [UInt8(identifier >> 8), UInt8(identifier & 0xFF), 0xC1 | (version & 0x1F) << 1, 0, 0]
    bytes += body
    let crc = CRC32.mpeg(bytes.span, count: bytes.count)
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: crc >> UInt32(24 - 8 * $0)) }
    self.bytes = bytes
  }

  /// The same table under another identifier and version.
  package func renamed(identifier: UInt16, version: UInt8) -> Section {
    Section(tableID: tableID, identifier: identifier, version: version, body: Array(body))
  }

  /// The packet that carries this section alone, continuity counter 0; nil when it does not fit one (183 bytes).
  package func packet(pid: UInt16) -> [UInt8]? { Section.packet(pid: pid, section: bytes) }

  static func packet(pid: UInt16, section: [UInt8]) -> [UInt8]? {
    guard section.count <= TSPacket.size - 5 else { return nil }
    let head = [TSPacket.syncByte, 0x40 | UInt8(pid >> 8 & 0x1F), UInt8(pid & 0xFF), 0x10, 0x00]
    return head + section + [UInt8](repeating: 0xFF, count: TSPacket.size - 5 - section.count)
  }
}
