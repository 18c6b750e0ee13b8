/// The program association table (ISO/IEC 13818-1 §2.4.4.3): which programs there are and where their maps are.
package enum ProgramAssociation {
  package static let tableID: UInt8 = 0x00

  /// A table of one program: its number (a station's number) and the PID of its map.
  package static func section(transportStreamID: UInt16, program: UInt16, mapPID: UInt16) -> Section {
    Section(
      tableID: tableID, identifier: transportStreamID, version: 0,
      body: [UInt8(program >> 8), UInt8(program & 0xFF), 0xE0 | UInt8(mapPID >> 8 & 0x1F), UInt8(mapPID & 0xFF)])
  }

  /// The programs in a section, the network information entry (program 0) left out.
  package static func programs(in section: Section) -> [(program: UInt16, mapPID: UInt16)] {
    guard section.tableID == tableID else { return [] }
    let body = Array(section.body)
    return stride(from: 0, to: body.count - body.count % 4, by: 4).compactMap { at in
      let program = UInt16(body[at]) << 8 | UInt16(body[at + 1])
      return program == 0 ? nil : (program, UInt16(body[at + 2] & 0x1F) << 8 | UInt16(body[at + 3]))
    }
  }
}

/// The program map table (ISO/IEC 13818-1 §2.4.4.8): what a program consists of.
package struct ProgramMap: Hashable, Sendable {
  package static let tableID: UInt8 = 0x02

  package struct Stream: Hashable, Sendable {
    /// stream_type, table 2-34 (0x02 MPEG-2 video, 0x0F AAC, 0x1B H.264, 0x24 HEVC …).
    package let type: UInt8
    package let pid: UInt16
    /// ISO 639-2 code out of the language descriptor (§2.6.18).
    package let language: String?

    package init(type: UInt8, pid: UInt16, language: String?) {
      self.type = type
      self.pid = pid
      self.language = language
    }
  }

  package let program: UInt16
  package let clockPID: UInt16
  package let streams: [Stream]

  /// Nil when the section is no map or its lengths do not add up.
  package init?(_ section: Section) {
    let body = Array(section.body)
    guard section.tableID == ProgramMap.tableID, body.count >= 4 else { return nil }
    program = section.identifier
    clockPID = UInt16(body[0] & 0x1F) << 8 | UInt16(body[1])
    var at = 4 + (Int(body[2] & 0x0F) << 8 | Int(body[3]))
    var streams: [Stream] = []
    while at + 5 <= body.count {
      let end = at + 5 + (Int(body[at + 3] & 0x0F) << 8 | Int(body[at + 4]))
      guard end <= body.count else { return nil }
      streams.append(
        Stream(
          type: body[at], pid: UInt16(body[at + 1] & 0x1F) << 8 | UInt16(body[at + 2]),
          language: ProgramMap.language(in: body[at + 5..<end])))
      at = end
    }
    guard at == body.count else { return nil }
    self.streams = streams
  }

  private static func language(in descriptors: ArraySlice<UInt8>) -> String? {
    var rest = descriptors
    while rest.count >= 2, let tag = rest.first {
      let length = Int(rest[rest.startIndex + 1])
      let content = rest.dropFirst(2).prefix(length)
      if tag == 0x0A, content.count >= 3 { return String(decoding: content.prefix(3), as: UTF8.self) }
      rest = rest.dropFirst(2 + length)
    }
    return nil
  }
}
