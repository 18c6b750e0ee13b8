import TransportStream

/// How the index of a tape is laid out on disk: little-endian, every record of fixed size, so that it is read in place.
///
///     header (64 bytes) | datagrams (16 bytes each, and one more that marks the end) | patch points (8 bytes each)
///     | random access points (4 bytes each) | summary (JSON)
///
/// header: magic(8) version(4) summary length(4) packets(8) datagrams(8) patches(8) random access points(8) checksum(8),
/// the rest zero. The checksum covers everything behind the header.
enum TapeIndex {
  static let magic: UInt64 = 0x4550_4154_4E4F_4954  // "TIONTAPE"
  /// Goes up whenever a tape made before would be played differently, or no longer understood.
  static let version: UInt32 = 3
  static let headerSize = 64
  static let datagramSize = 16
  static let patchSize = 8
  static let randomAccessSize = 4

  /// Beside `…/x.ts` lies `…/x.index`.
  static func path(beside tape: String) -> String {
    (tape.hasSuffix(".ts") ? String(tape.dropLast(3)) : tape) + ".index"
  }

  /// The whole index: its header, and what the header's checksum covers. `datagrams` includes the one that marks the end.
  static func encode(
    packetCount: UInt32, datagrams: [DatagramEntry], patches: [PatchPoint], randomAccessPoints: [UInt32],
    summary: [UInt8]
  ) -> (header: [UInt8], body: [UInt8]) {
    var body: [UInt8] = []
    body.reserveCapacity(
      datagrams.count * datagramSize + patches.count * patchSize + randomAccessPoints.count * randomAccessSize
        + summary.count)
    for entry in datagrams {
      body.append(littleEndian: entry.date)
      body.append(littleEndian: entry.firstPacket)
      body.append(littleEndian: entry.firstPatch | (entry.carriesClock ? DatagramEntry.clockFlag : 0))
    }
    for patch in patches {
      body.append(littleEndian: patch.ordinal)
      body.append(littleEndian: UInt32(patch.offset) | UInt32(patch.kind.rawValue) << 16)
    }
    for point in randomAccessPoints { body.append(littleEndian: point) }
    body += summary

    var checksum = Checksum()
    unsafe body.withUnsafeBytes { unsafe checksum.add($0) }
    var header: [UInt8] = []
    header.append(littleEndian: magic)
    header.append(littleEndian: version)
    header.append(littleEndian: UInt32(summary.count))
    header.append(littleEndian: UInt64(packetCount))
    header.append(littleEndian: UInt64(datagrams.count - 1))
    header.append(littleEndian: UInt64(patches.count))
    header.append(littleEndian: UInt64(randomAccessPoints.count))
    header.append(littleEndian: checksum.value)
    header += [UInt8](repeating: 0, count: headerSize - header.count)
    return (header, body)
  }
}

/// One datagram's entry: date(8) first packet(4) carries a clock(1 bit) first patch point(31 bits). Where it ends, the next
/// one begins.
struct DatagramEntry {
  /// The bit that says that the datagram carries a program clock reference.
  static let clockFlag: UInt32 = 1 << 31

  var date: Int64
  var firstPacket: UInt32
  var firstPatch: UInt32
  var carriesClock: Bool
}

/// A field of a datagram that playout fills in: ordinal(4) offset(2) kind(1) unused(1).
package struct PatchPoint: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    /// A 6-byte PCR field.
    case clock = 1
    /// A 5-byte PTS or DTS field.
    case timeStamp
    /// A whole packet: the program association table.
    case association
    /// A whole packet: the program map table.
    case map
    /// A whole packet that the service description takes.
    case slot
    /// A whole packet: the time and date table.
    case time
  }

  package var kind: Kind
  /// In bytes from the datagram's start.
  package var offset: UInt16
  /// For a slot, how many slots stand before it on the tape; else 0.
  package var ordinal: UInt32
}

/// The part of the index that is small enough for JSON.
struct TapeSummary: Codable {
  var info: TapeInfo
  /// Packets with payload, per PID: what the continuity counters advance by over the tape.
  var packetCounts: [PacketCount]
  var slotCount: Int
  /// The program map table as the muxer wrote it.
  var map: [UInt8]
}

/// How many packets with payload a tape holds of one PID.
package struct PacketCount: Codable, Hashable, Sendable {
  package var pid: UInt16
  package var count: Int64
}

/// A 64-bit check over bytes, eight at a time: finds damage, resists no forger.
struct Checksum {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
    value ^= value >> 29
  }

  /// Adds bytes, the last word filled up with zeros.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    let whole = bytes.count & ~7
    var at = 0
    while at < whole {
      add(UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      at += 8
    }
    guard whole < bytes.count else { return }
    var last: UInt64 = 0
    for index in (whole..<bytes.count).reversed() { last = last << 8 | UInt64(unsafe bytes[index]) }
    add(last)
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
    unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
  }
}
