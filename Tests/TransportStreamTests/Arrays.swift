import TransportStream

// The expectation macros cannot take a span apart, so the tests read arrays.

extension TSPacket {
  init?(_ bytes: [UInt8], at offset: Int = 0) { self.init(bytes.span, at: offset) }
}

extension PESHeader {
  init?(_ bytes: [UInt8], end: Int? = nil) { self.init(bytes.span, at: 0, end: end ?? bytes.count) }
}

extension Section {
  init?(packet: [UInt8]) { self.init(packet: packet.span) }
}

extension CRC32 {
  static func mpeg(_ bytes: [UInt8]) -> UInt32 { mpeg(bytes.span, count: bytes.count) }
}
