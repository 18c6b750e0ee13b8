/// The service description table of the actual transport stream (EN 300 468 §5.2.3), for one service.
package enum ServiceDescription {
  package static let tableID: UInt8 = 0x42

  /// service_type, EN 300 468 table 87.
  package enum Kind: UInt8, Sendable {
    case television = 0x01
    case radio = 0x02
  }

  /// The section for one service. The whole stands in one packet: where `provider` and `name` together are longer than
  /// that allows, the provider's name is cut, then the station's, at a character's end.
  package static func section(
    transportStreamID: UInt16, service: UInt16, kind: Kind, provider: String, name: String
  ) -> Section {
    // 183 bytes of packet less 12 of section header and CRC, 3 of network id, 5 of service, 5 of descriptor, and the
    // byte in front of each text that tells its character set.
    let room = 183 - 12 - 3 - 5 - 5 - 2
    let name = text(name, room: room)
    let provider = text(provider, room: room - (name.count - 1))
    let descriptor = [kind.rawValue, UInt8(provider.count)] + provider + [UInt8(name.count)] + name
    let loop = [0x48, UInt8(descriptor.count)] + descriptor
    // original_network_id 0xFF00…: private use (TS 101 162); EIT flags off; running; free to air.
    var body: [UInt8] = [0xFF, 0x00, 0xFF, UInt8(service >> 8), UInt8(service & 0xFF), 0xFC]
    body += [0x80 | UInt8(loop.count >> 8 & 0x0F), UInt8(loop.count & 0xFF)] + loop
    return Section(tableID: tableID, identifier: transportStreamID, version: 0, body: body)
  }

  /// UTF-8 with its selector byte 0x15 in front (EN 300 468 Annex A.2), `room` bytes of text at most; empty if no text.
  private static func text(_ string: String, room: Int) -> [UInt8] {
    var kept = string
    while kept.utf8.count > max(room, 0) { kept.removeLast() }
    return kept.isEmpty ? [] : [0x15] + Array(kept.utf8)
  }

  /// Provider and name of the first service in a section, as written by ``section(transportStreamID:service:kind:provider:name:)``
  /// or by anybody who writes UTF-8 or Latin text; nil when there is none.
  package static func service(in section: Section) -> (provider: String, name: String)? {
    let body = Array(section.body)
    guard section.tableID == tableID, body.count >= 8 else { return nil }
    var rest = body[8...].prefix(Int(body[6] & 0x0F) << 8 | Int(body[7]))
    while rest.count >= 2, let tag = rest.first {
      let length = Int(rest[rest.startIndex + 1])
      let content = Array(rest.dropFirst(2).prefix(length))
      if tag == 0x48, content.count >= 3 {
        let providerEnd = 2 + Int(content[1])
        guard providerEnd < content.count else { return nil }
        let name = content[(providerEnd + 1)...].prefix(Int(content[providerEnd]))
        return (plain(content[2..<providerEnd]), plain(name))
      }
      rest = rest.dropFirst(2 + length)
    }
    return nil
  }

  private static func plain(_ text: ArraySlice<UInt8>) -> String {
    let marked = text.first.map { $0 < 0x20 } ?? false
    return String(decoding: marked ? text.dropFirst() : text, as: UTF8.self)
  }
}

/// The time and date table (EN 300 468 §5.2.5).
///
///     0x70 | 0 1 rr length = 5 | UTC: modified Julian day(16), hours, minutes, seconds in BCD
package enum TimeAndDate {
  package static let tableID: UInt8 = 0x70
  /// Bytes of the packet that change with the time, from its first byte on.
  private static let timeOffset = 8

  /// A whole packet, its time still zero.
  package static func packet() -> [UInt8] {
    Section.packet(pid: PID.tdt, section: [tableID, 0x70, 0x05, 0, 0, 0, 0, 0]) ?? []
  }

  /// Writes `date`, cut to the second, into the table whose packet begins at `offset`. The day number lasts until 2038.
  package static func setTime(_ date: Ticks, in bytes: inout MutableSpan<UInt8>, at offset: Int) {
    let (day, rest) = date.count.flooredDivision(by: 86_400 * Ticks.perSecond)
    let second = rest / Ticks.perSecond
    let julianDay = UInt16(truncatingIfNeeded: 40_587 + day)  // 1970-01-01 is modified Julian day 40,587
    bytes[offset + timeOffset] = UInt8(julianDay >> 8)
    bytes[offset + timeOffset + 1] = UInt8(julianDay & 0xFF)
    bytes[offset + timeOffset + 2] = binaryCodedDecimal(second / 3_600)
    bytes[offset + timeOffset + 3] = binaryCodedDecimal(second / 60 % 60)
    bytes[offset + timeOffset + 4] = binaryCodedDecimal(second % 60)
  }

  private static func binaryCodedDecimal(_ value: Int64) -> UInt8 {
    UInt8(truncatingIfNeeded: (value / 10) << 4 | value % 10)
  }
}
