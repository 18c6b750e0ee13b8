import Testing
import TransportStream

@Suite struct SectionTests {
  /// Transport stream 1, program 1 on PID 0x1000.
  private let association: [UInt8] = [
    0x00, 0xB0, 0x0D, 0x00, 0x01, 0xC1, 0x00, 0x00, 0x00, 0x01, 0xF0, 0x00, 0x2A, 0xB1, 0x04, 0xB2,
  ]

  @Test func theCheckHasItsPublishedValue() {
    #expect(CRC32.mpeg(Array("123456789".utf8)) == 0x0376_E6E7)
    #expect(CRC32.mpeg(association) == 0)
  }

  @Test func writesAProgramAssociationTable() throws {
    let section = ProgramAssociation.section(transportStreamID: 1, program: 1, mapPID: 0x1000)
    #expect(section.bytes == association)
    let packet = try #require(section.packet(pid: PID.pat))
    #expect(packet == [0x47, 0x40, 0x00, 0x10, 0x00] + association + [UInt8](repeating: 0xFF, count: 167))
  }

  @Test func readsAProgramAssociationTableAndLeavesTheNetworkOut() throws {
    let section = Section(
      tableID: 0, identifier: 7, version: 3, body: [0x00, 0x00, 0xE0, 0x10, 0xFF, 0xFE, 0xF1, 0x23])
    #expect(section.identifier == 7 && section.version == 3)
    let programs = ProgramAssociation.programs(in: section)
    #expect(programs.count == 1)
    #expect(programs.first?.program == 0xFFFE && programs.first?.mapPID == 0x1123)
  }

  @Test func readsAProgramMap() throws {
    // PCR on 0x100; H.264 on 0x100; AAC on 0x101 with the language descriptor "deu".
    let body: [UInt8] = [
      0xE1, 0x00, 0xF0, 0x00, 0x1B, 0xE1, 0x00, 0xF0, 0x00,
      0x0F, 0xE1, 0x01, 0xF0, 0x06, 0x0A, 0x04, 0x64, 0x65, 0x75, 0x00,
    ]
    let map = try #require(ProgramMap(Section(tableID: 2, identifier: 9, version: 31, body: body)))
    #expect(map.program == 9 && map.clockPID == 0x100)
    #expect(
      map.streams == [.init(type: 0x1B, pid: 0x100, language: nil), .init(type: 0x0F, pid: 0x101, language: "deu")])
    #expect(ProgramMap(Section(tableID: 2, identifier: 9, version: 0, body: Array(body.dropLast()))) == nil)
  }

  @Test func readsTheServiceDescriptionOfAnotherMuxer() throws {
    // "FFmpeg", "Service01", without character set selectors.
    let bytes: [UInt8] = [
      0x42, 0xF0, 0x25, 0x00, 0x01, 0xC1, 0x00, 0x00, 0xFF, 0x01, 0xFF, 0x00, 0x01, 0xFC, 0x80, 0x14, 0x48, 0x12, 0x01,
      0x06, 0x46, 0x46, 0x6D, 0x70, 0x65, 0x67, 0x09, 0x53, 0x65, 0x72, 0x76, 0x69, 0x63, 0x65, 0x30, 0x31,
      0x77, 0x7C, 0x43, 0xCA,
    ]
    let section = try #require(Section(checked: bytes))
    let service = try #require(ServiceDescription.service(in: section))
    #expect(service.provider == "FFmpeg" && service.name == "Service01")
  }

  @Test func writesAServiceDescription() throws {
    let section = ServiceDescription.section(
      transportStreamID: 0x1234, service: 2, kind: .radio, provider: "Ü", name: "Kai")
    #expect(
      section.bytes.dropLast(4) == [
        0x42, 0xF0, 0x1D, 0x12, 0x34, 0xC1, 0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00, 0x02, 0xFC, 0x80, 0x0C,
        0x48, 0x0A, 0x02, 0x03, 0x15, 0xC3, 0x9C, 0x04, 0x15, 0x4B, 0x61, 0x69,
      ])
    #expect(CRC32.mpeg(section.bytes) == 0)
  }

  @Test(arguments: [0, 1, 60, 149, 150, 151, 300])
  func anyNameFitsOnePacket(length: Int) throws {
    let name = String(repeating: "ö", count: length)
    let section = ServiceDescription.section(
      transportStreamID: 1, service: 1, kind: .television, provider: name, name: name)
    let packet = try #require(section.packet(pid: PID.sdt))
    let again = try #require(Section(packet: packet))
    #expect(again == section)
    let service = try #require(ServiceDescription.service(in: again))
    #expect(name.hasPrefix(service.name) && name.hasPrefix(service.provider))
    #expect(service.name.count == min(length, 78))
  }

  @Test func writesTheExampleTimeOfTheStandard() {
    // EN 300 468 §5.2.5: 93/10/13 12:45:00 is coded as 0xC079124500.
    var packet = TimeAndDate.packet()
    var span = packet.mutableSpan
    TimeAndDate.setTime(.seconds(750_516_300) + Ticks(26_999_999), in: &span, at: 0)
    #expect(
      Array(packet.prefix(14)) == [
        0x47, 0x40, 0x14, 0x10, 0x00, 0x70, 0x70, 0x05, 0xC0, 0x79, 0x12, 0x45, 0x00, 0xFF,
      ])
  }

  @Test func brokenSectionsAreRefused() throws {
    let packet = try #require(Section(checked: association)?.packet(pid: 0))
    #expect(Section(packet: packet)?.bytes == association)
    for index in [4, 5, 6, 7, 9, 14, 20] {
      var bytes = packet
      bytes[index] ^= 0x40
      #expect(Section(packet: bytes) == nil, "byte \(index)")
    }
    #expect(Section(checked: Array(association.dropLast())) == nil)
    #expect(Section(checked: []) == nil)
  }
}
