import Tape
import TransportStream

/// The packets that a station says itself, made once: playout copies them and sets their continuity counters. Like
/// ``PacketBytes``, a plain value.
struct StationTables: Sendable {
  private let association: PacketBytes
  private let description: PacketBytes
  private let timeAndDate: PacketBytes

  init(_ identity: StationIdentity, isRadio: Bool) {
    association = Self.bytes(
      ProgramAssociation.section(
        transportStreamID: identity.transportStreamID, program: identity.number, mapPID: PID.pmt
      ).packet(pid: PID.pat))
    let plain = ServiceDescription.section(
      transportStreamID: identity.transportStreamID, service: identity.number, kind: isRadio ? .radio : .television,
      provider: identity.provider, name: identity.name)
    // The version must change when the content does; one drawn from the content needs no memory.
    let version = UInt8(CRC32.mpeg(plain.bytes.span, count: plain.bytes.count) & 0x1F)
    description = Self.bytes(plain.renamed(identifier: plain.identifier, version: version).packet(pid: PID.sdt))
    timeAndDate = Self.bytes(TimeAndDate.packet())
  }

  /// The packet of a tape's or ring's program map on a station.
  static func map(_ map: Section, version: UInt8, on station: StationIdentity) -> PacketBytes {
    bytes(map.renamed(identifier: station.number, version: version).packet(pid: PID.pmt))
  }

  private static func bytes(_ packet: [UInt8]?) -> PacketBytes { PacketBytes(packet ?? []) }

  func writeAssociation(counter: UInt8, to target: inout MutableSpan<UInt8>, at offset: Int) {
    StationTables.write(association, counter: counter, to: &target, at: offset)
  }

  /// Fills the station's SI slot number `slot` with the service description: always, for a player may have made up its
  /// mind as soon as it has PAT and PMT, and should know the station's name by then.
  func writeSlot(_ slot: Int64, to target: inout MutableSpan<UInt8>, at offset: Int) {
    StationTables.write(description, counter: UInt8(truncatingIfNeeded: slot), to: &target, at: offset)
  }

  /// Writes the time and date table as it is sent at `date`.
  func writeTime(_ date: Ticks, counter: UInt8, to target: inout MutableSpan<UInt8>, at offset: Int) {
    StationTables.write(timeAndDate, counter: counter, to: &target, at: offset)
    TimeAndDate.setTime(date, in: &target, at: offset)
  }

  static func write(
    _ packet: borrowing PacketBytes, counter: UInt8, to target: inout MutableSpan<UInt8>, at offset: Int
  ) {
    packet.write(to: &target, at: offset)
    TSPacket.setContinuityCounter(counter, in: &target, at: offset)
  }
}
