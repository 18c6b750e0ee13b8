import TransportStream

/// How a ring lies in its file, in the machine's own byte order, for it never leaves the machine:
///
///     header (4,096 bytes) | slots of 1,536 bytes each, a power of two of them
///
/// Datagram k stands in slot k modulo their number. Nothing that a crash can leave half done is ever trusted: a datagram
/// exists when the header's head is above its number, and its slot tells everything that was counted up to and with it.
enum RingFormat {
  static let magic: UInt64 = 0x474E_4952_4E4F_4954  // "TIONRING"
  static let version: UInt32 = 1
  static let headerSize = 4_096
  static let slotSize = 1_536
  /// Fewer make no second, more no sense.
  static let slotLimits = 256...1 << 20

  /// Where the header's fields stand. The magic number is written last, when all others are there.
  enum Header {
    static let magic = 0
    static let version = 8
    static let slots = 12
    /// How many datagrams there have been.
    static let head = 16
    static let hasEnded = 24
    /// The process that waits for the ring and asks whoever writes it without a parent to give it up.
    static let heir = 32
    static let writer = 40
    /// How many writers there have been.
    static let generation = 48
    static let baseSlots = 56
    static let basePackets = 64
    /// The latest DTS and PTS of each PID, by ``PID/slot(_:)``.
    static let stamps = 192
    static let infoLength = 448
    static let info = 512
    static let infoRoom = headerSize - info
  }

  /// Where a slot's fields stand.
  enum Slot {
    /// 2 (k + 1) while datagram k is there, odd while it is being written.
    static let sequence = 0
    static let date = 8
    /// length(16) random access(1) clock(1) …, and the packets that are tables: PAT, PMT, SI slot, TDT, a bit each.
    static let shape = 16
    static let tables = 20
    /// The number of the latest datagram, this one included, at which decoding may begin; -1 for none.
    static let randomAccess = 24
    /// SI slots, this datagram's included.
    static let slots = 32
    /// Packets with payload, this datagram's included, by ``PID/slot(_:)``.
    static let packets = 40
    static let bytes = 168
  }

  static let randomAccessFlag: UInt32 = 1 << 16
  static let clockFlag: UInt32 = 1 << 17

  static func fileSize(slots: Int) -> Int { headerSize + slots * slotSize }

  /// Where datagram `k` stands.
  static func offset(of k: Int64, slots: Int) -> Int { headerSize + Int(k & Int64(slots - 1)) * slotSize }
}

/// What a ring's streams are, for as long as it is in use.
package struct RingInfo: Hashable, Sendable {
  package let format: HouseFormat
  /// The program map table; playout gives it the station's number and a version.
  package let map: Section

  package init(format: HouseFormat, map: Section) {
    self.format = format
    self.map = map
  }
}

/// What went out: the numbers from which sequence numbers, continuity counters and SI slots follow.
package struct RingCounts: Hashable, Sendable {
  package var datagrams: Int64
  /// SI slots.
  package var slots: Int64
  /// Packets with payload, by ``PID/slot(_:)``.
  package var packets: SIMD16<Int64>

  package init(datagrams: Int64 = 0, slots: Int64 = 0, packets: SIMD16<Int64> = SIMD16(repeating: 0)) {
    self.datagrams = datagrams
    self.slots = slots
    self.packets = packets
  }
}

/// A ring's datagram, without its bytes.
package struct RingEntry: Hashable, Sendable {
  /// When it leaves, UTC; that of the PCR it carries, if any.
  package let date: Ticks
  /// In bytes: whole packets, one to seven.
  package let length: Int
  package let carriesClock: Bool
  /// Decoding may begin here; its first packet is the PAT.
  package let isRandomAccess: Bool
  /// Its packets that are tables, which playout fills in: bit i stands for packet i.
  package let tables: RingTables
}

/// Which packets of a datagram are tables: bit i stands for packet i.
package struct RingTables: Hashable, Sendable {
  package var association: UInt8 = 0
  package var map: UInt8 = 0
  /// SI slots.
  package var slot: UInt8 = 0
  package var time: UInt8 = 0

  package init() {}

  init(word: UInt32) {
    association = UInt8(truncatingIfNeeded: word)
    map = UInt8(truncatingIfNeeded: word >> 8)
    slot = UInt8(truncatingIfNeeded: word >> 16)
    time = UInt8(truncatingIfNeeded: word >> 24)
  }

  var word: UInt32 { UInt32(association) | UInt32(map) << 8 | UInt32(slot) << 16 | UInt32(time) << 24 }

  package var isEmpty: Bool { word == 0 }
}
